//! Ending a server, or starting it again, by a process of its own, for a caller that shows servers and must not wait.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, Command, Stdio};

use crate::context;
use crate::sys::ready;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Stop,
    Restart,
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Stop => "stop",
            Self::Restart => "restart",
        })
    }
}

/// A running command of ours.
pub struct Job {
    child: Child,
    said: Vec<u8>,
}

/// How a job went, in the words of its command.
pub struct Finished {
    pub is_done: bool,
    pub said: String,
}

impl Job {
    /// Starts `mcp-hook stop` or `mcp-hook restart` for a server.
    pub fn start(verb: Verb, session: &str, server: &str) -> io::Result<Self> {
        let mut command = Command::new(context::own_program()?);
        command.args([verb.to_string().as_str(), "--session", session, server]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Self { child: command.spawn()?, said: Vec::new() })
    }

    /// What can be read once the command says something or ends.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.child.stderr.as_ref().map(AsFd::as_fd)
    }

    /// Reads what the command has said by now. `Some` once that was all.
    pub fn read(&mut self) -> Option<Finished> {
        if self.output().is_some_and(|output| !ready::is_readable(output)) {
            return None;
        }
        let mut buffer = [0; 4096];
        if let Some(Ok(length @ 1..)) = self.child.stderr.as_mut().map(|output| output.read(&mut buffer)) {
            self.said.extend(&buffer[..length]);
            return None;
        }
        let is_done = self.child.wait().is_ok_and(|status| status.success());
        let said = String::from_utf8_lossy(&self.said);
        let said = said.lines().map(str::trim).collect::<Vec<_>>().join("; ");
        Some(Finished { is_done, said })
    }
}
