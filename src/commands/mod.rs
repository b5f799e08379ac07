//! The commands, one file each.

mod add;
mod allow;
mod arguments;
mod check;
mod cleanup;
mod clients;
mod close;
mod completions;
mod deny;
mod doctor;
mod env;
mod init;
mod list;
mod log;
mod logs;
mod mcp;
mod names;
mod open;
mod progress;
mod remove;
mod restart;
mod run;
mod start;
mod started;
mod status;
mod stop;
mod stopped;
mod tool;
mod unwrap;
mod wrap;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::sys::fd;

/// Something that can be done.
pub trait Run {
    /// Does it. The exit code is 0 unless the command has something else to say by it.
    ///
    /// # Errors
    /// What could not be done, in words for the user.
    fn run(self) -> Result<ExitCode>;
}

impl Run for Cli {
    fn run(self) -> Result<ExitCode> {
        if starts_servers(&self.command) {
            fd::close_inherited();
        }
        match self.command {
            Command::Init(command) => apart(command),
            Command::Start(command) => apart(command),
            Command::Run(command) => apart(command),
            Command::Stop(command) => apart(command),
            Command::Restart(command) => apart(command),
            Command::Status(command) => apart(command),
            Command::Env(command) => apart(command),
            Command::Logs(command) => apart(command),
            Command::Log(command) => apart(command),
            Command::List(command) => apart(command),
            Command::Check(command) => apart(command),
            Command::Add(command) => apart(command),
            Command::Remove(command) => apart(command),
            Command::Allow(command) => apart(command),
            Command::Deny(command) => apart(command),
            Command::Clients(command) => apart(command),
            Command::Wrap(command) => apart(command),
            Command::Unwrap(command) => apart(command),
            Command::Mcp(command) => apart(command),
            Command::Cleanup(command) => apart(command),
            Command::Doctor(command) => apart(command),
            Command::Completions(command) => apart(command),
            Command::Open(command) => apart(command),
            Command::Close(command) => apart(command),
            Command::Names(command) => apart(command),
            Command::Tool(command) => apart(command),
        }
    }
}

/// Runs a command on a stack frame of its own. In one frame, all of them take seven pages of memory, which whoever
/// waits in a command for days keeps.
#[inline(never)]
fn apart(command: impl Run) -> Result<ExitCode> {
    command.run()
}

/// Whether what a command starts lives longer than the command: it must not hold what the shell or the client has open.
fn starts_servers(command: &Command) -> bool {
    use Command::{Check, Init, Mcp, Open, Restart, Run, Start, Tool};
    matches!(command, Init(_) | Open(_) | Start(_) | Run(_) | Restart(_) | Check(_) | Mcp(_) | Tool(_))
}
