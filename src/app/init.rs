//! Opening the session of a shell that starts while that waits for the text of its hook: it then needs no second process.
//!
//! Only where it is certain that this very shell evaluates the text. Everywhere else the text has it opened, as ever.

use super::open::{self, Opening};
use crate::failpoint;
use crate::shell::{Opened, Seen, Shell};
use crate::sys::caller::Caller;

/// The session of the shell that has called this.
pub struct Opener {
    opening: Opening,
    caller: Caller,
}

impl Opener {
    /// Opens it, if it is proven that this shell, interactive, has called this in its start-up.
    pub fn open(shell: &Shell) -> Option<Self> {
        let caller = Caller::look()?;
        let seen = Seen {
            name: &caller.name,
            arguments: &caller.arguments,
            ignores_sigttin: caller.ignores_sigttin,
            reads_terminal: caller.reads_terminal,
        };
        if !shell.is_surely_interactive(&seen) {
            return None;
        }
        // What keeps it from being opened is said when the text tries.
        let opening = open::open_for(&caller.process).ok()?;
        failpoint::kill("opened");
        if caller.still_reads() {
            return Some(Self { opening, caller });
        }
        opening.take_back();
        None
    }

    /// The shell's hook, which need not open the session any more.
    pub fn hook(&self, shell: &Shell) -> String {
        let process = &self.caller.process;
        shell.hook_with(&Opened {
            shell: process.pid.as_raw(),
            start: process.start,
            directory: &self.opening.directory(),
            variables: &self.opening.variables(),
        })
    }

    /// Does what is left once the shell has been told.
    pub fn finish(self) -> anyhow::Result<()> {
        self.opening.finish()
    }
}
