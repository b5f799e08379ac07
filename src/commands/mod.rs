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
            Command::Init(command) => command.run(),
            Command::Start(command) => command.run(),
            Command::Run(command) => command.run(),
            Command::Stop(command) => command.run(),
            Command::Restart(command) => command.run(),
            Command::Status(command) => command.run(),
            Command::Env(command) => command.run(),
            Command::Logs(command) => command.run(),
            Command::Log(command) => command.run(),
            Command::List(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Add(command) => command.run(),
            Command::Remove(command) => command.run(),
            Command::Allow(command) => command.run(),
            Command::Deny(command) => command.run(),
            Command::Clients(command) => command.run(),
            Command::Wrap(command) => command.run(),
            Command::Unwrap(command) => command.run(),
            Command::Mcp(command) => command.run(),
            Command::Cleanup(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Open(command) => command.run(),
            Command::Close(command) => command.run(),
            Command::Names(command) => command.run(),
            Command::Tool(command) => command.run(),
        }
    }
}

/// Whether what a command starts lives longer than the command: it must not hold what the shell or the client has open.
fn starts_servers(command: &Command) -> bool {
    use Command::{Check, Init, Mcp, Open, Restart, Run, Start, Tool};
    matches!(command, Init(_) | Open(_) | Start(_) | Run(_) | Restart(_) | Check(_) | Mcp(_) | Tool(_))
}
