//! What a keeper and a supervisor need to know.

use std::io;

use nix::sys::signal::SigSet;

use super::name_lock::NameLock;
use crate::container::Container;
use crate::disk::layout::ServerPaths;
use crate::log::central::{self, Level};
use crate::port::lease::Lease;
use crate::server::invocation::Invocation;
use crate::server::record::{ServerRecord, ServerState};
use crate::server::shortcut::Shortcut;
use crate::server::token::{KEEP_VARIABLE, VARIABLE};
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::{Pid, process};
use crate::terminate::orphans::Trace;

/// A server to be supervised.
pub struct Plan {
    /// Its files.
    pub paths: ServerPaths,
    /// Its record, in the state `starting`.
    pub record: ServerRecord,
    /// What is executed.
    pub invocation: Invocation,
    /// What was found of its launcher.
    pub shortcut: Shortcut,
    /// Its container, if it is one. The record has it too, unless it holds a secret.
    pub container: Option<Container>,
    pub lock: NameLock,
    /// Its port, if it has one. Only the supervisor keeps it, so that it can let it go.
    pub lease: Option<Lease>,
    /// Whose end ends the server.
    pub watched: Watched,
    /// What a client ignores, and its server too therefore (`nohup(1)`).
    pub ignored: SigSet,
}

/// The processes that a server does not outlive, as long as they live.
#[derive(Default)]
pub struct Watched {
    /// The session's owner.
    pub owner: Option<ProcessHandle>,
    /// The client that `run` was started by.
    pub client: Option<ProcessHandle>,
}

/// One of the two whose end ends a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Client,
    Owner,
}

impl Plan {
    /// The words of the command as they are executed now.
    pub fn words(&self) -> Vec<String> {
        if let Some(direct) = &self.shortcut.direct {
            return direct.words();
        }
        let words = self.invocation.words.iter().map(|word| word.render(self.port())).collect();
        match &self.container {
            Some(container) => container.mark(words),
            None => words,
        }
    }

    /// The number of the server's port.
    pub fn port(&self) -> Option<u16> {
        self.record.port.as_ref().map(|port| port.number)
    }

    /// Gives the server a port.
    pub fn give(&mut self, lease: Lease) {
        self.record.port = Some(self.invocation.port(lease.number()));
        self.lease = Some(lease);
    }

    /// Writes down why the server cannot even be tried. Nobody may be there to be told.
    pub fn fail(&self, error: &io::Error) {
        let cause = format!("could not start {}: {error}", self.record.name);
        let whose = (Some(self.record.token.session()), Some(&self.record.name));
        central::report(&self.paths.central, Level::Error, whose, &cause);
        let state = ServerState::Failed { cause, code: 125, given_up: false, finding: None };
        let mut record = self.record.clone();
        record.state = state;
        let _ = record.write(&self.paths);
    }

    /// Makes the server's files again after somebody has removed them, unless the name belongs to another server now.
    pub fn restore(&mut self) {
        // What its path names now: somebody else may have made it again already.
        self.paths.pids().forget();
        let _ = self.paths.pids().ensure();
        if self.lock.take_again(&self.paths) {
            self.sign();
            let _ = self.record.write(&self.paths);
        }
    }

    /// Writes into the lock what the server's processes carry. Without that it can be ended as well, but for a record that
    /// nobody can read.
    pub fn sign(&self) {
        let _ = self.lock.sign(&self.record.token);
    }
}

impl Watched {
    /// Makes both known to a process that was just forked.
    pub fn renew(&mut self) {
        self.owner.iter_mut().chain(&mut self.client).for_each(ProcessHandle::renew);
    }

    /// Registers both with a poller, each under the key that is made of its name.
    pub fn register<'fd, Key>(&'fd self, poller: &mut Poller<'fd, Key>, key: impl Fn(Party) -> Key) {
        for (party, process) in [(Party::Client, &self.client), (Party::Owner, &self.owner)] {
            if let Some(process) = process {
                poller.process(key(party), process);
            }
        }
    }

    /// Whether one that the poller reported has ended. It is not watched any more then, so that this is true once.
    pub fn has_ended(&mut self, party: Party) -> bool {
        let process = match party {
            Party::Client => &mut self.client,
            Party::Owner => &mut self.owner,
        };
        process.take_if(|process| process.has_exited()).is_some()
    }
}

/// What the processes of a recorded server can be recognised by.
pub fn trace(record: &ServerRecord) -> Trace {
    let watchers = record.watchers;
    Trace {
        variable: (VARIABLE, record.token.to_string()),
        mark: record.token.mark(),
        keep: KEEP_VARIABLE,
        spared: watchers.into_iter().flat_map(|both| [both.keeper, both.supervisor]).collect(),
        session: None,
    }
}

/// Whether a process asks to be let go.
pub fn is_kept(pid: Pid) -> bool {
    process::variable(pid, KEEP_VARIABLE).as_deref() == Some(b"1")
}
