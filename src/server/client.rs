//! Who a server is run for.

use serde::{Deserialize, Serialize};

use crate::sys::Pid;
use crate::sys::process;

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "ash", "busybox"];
/// How many shells may stand between a client and `run`.
const MOST_BETWEEN: usize = 8;

/// The process that started `run`, or had a shell do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientProcess {
    pub pid: i32,
    /// What it calls itself in its handshake; before that, or without one, what its program is called.
    pub name: String,
}

impl ClientProcess {
    /// The client by the process that started `run`: the nearest from there on up that is no shell at work for another.
    /// The session's owner is nobody else's shell.
    pub fn of(parent: Pid, owner: Pid) -> Option<Self> {
        let mut client = process::read(parent)?;
        for _ in 0..MOST_BETWEEN {
            if client.pid == owner || !runs_a_script(&process::arguments(client.pid)) {
                break;
            }
            let Some(above) = process::read(client.parent) else { break };
            client = above;
        }
        Some(Self { pid: client.pid.as_raw(), name: process::name(client.pid) })
    }
}

/// Whether these arguments, separated by NUL, are those of a shell that was given something to run.
fn runs_a_script(arguments: &[u8]) -> bool {
    let text = String::from_utf8_lossy(arguments);
    let mut words = text.trim_end_matches('\0').split('\0');
    let program = words.next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let is_option = |word: &str| word.starts_with(['-', '+']);
    let is_command = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    SHELLS.contains(&program) && words.any(|word| !is_option(word) || is_command(word) || word == "--command")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_shell_at_work_is_told_from_one_that_somebody_types_in() {
        for (line, is_between) in [
            ("sh -c x", true),
            ("/bin/bash -lc x", true),
            ("/bin/sh /usr/bin/wrapper", true),
            ("fish --command x", true),
            ("busybox sh -c x", true),
            ("bash", false),
            ("-zsh", false),
            ("bash --norc -i", false),
            ("node /usr/bin/claude", false),
            ("", false),
        ] {
            let arguments = format!("{}\0", line.replace(' ', "\0"));
            assert_eq!(runs_a_script(arguments.as_bytes()), is_between, "{line}");
        }
    }

    #[test]
    fn a_client_is_found_above_its_shell_unless_that_owns_the_session() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo; read line; :"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().expect("a shell");
        let (pid, nobody) = (Pid::from_raw(shell.id().cast_signed()), Pid::from_raw(1));
        // Until it prints, the child may be a copy of this process, or a shell that has no arguments yet.
        shell.stdout.take().expect("a pipe").read_exact(&mut [0]).expect("it runs");
        let found = ClientProcess::of(pid, nobody).expect("it lives");
        assert_eq!(found.pid, Pid::this().as_raw());
        let own = ClientProcess::of(pid, pid).expect("it lives");
        assert_eq!((own.pid, own.name.as_str()), (pid.as_raw(), "sh"));
        drop(shell.stdin.take());
        shell.wait().expect("collected");
    }
}
