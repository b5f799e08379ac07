//! What can be typed.

mod definitions;
mod servers;
mod upkeep;

use std::ffi::OsString;

use clap::{Parser, Subcommand, ValueEnum};

pub use self::definitions::{Add, Allow, Check, Deny, List, Remove};
use self::servers::InSession;
pub use self::servers::{Env, Life, Logs, Restart, Run, Sampling, Since, Start, Status, Stop, What};
pub use self::upkeep::{Cleanup, Close, Completions, Doctor, Init, Log, LogLevel, Names, NamesOf, Open};
use crate::shell::Shell;
use crate::shell::quote::Syntax;

/// Sessions for MCP servers: what a terminal starts ends with it.
#[derive(Debug, Parser)]
#[command(name = "mcp-hook", version, arg_required_else_help = true)]
pub struct Cli {
    /// Say on standard error what is decided, and why
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// What a hook calls, in exactly the words in which hooks call it; `None` for anything else. Every shell that
    /// starts waits for two of these, and defining the whole command line takes longer than all they do.
    #[must_use]
    pub fn from_hook(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        // More than any of these takes: not to be read to the end.
        let words: Vec<String> = arguments.take(6).map(|word| word.into_string().ok()).collect::<Option<_>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = match *words {
            ["init", shell] => Command::Init(Init { shell: Some(Shell::from_str(shell, false).ok()?) }),
            ["open", "--shell", shell, "--owner", owner] => {
                Command::Open(Open { shell: Syntax::from_str(shell, false).ok()?, owner: Some(owner.parse().ok()?) })
            }
            ["close", owner] if !owner.starts_with('-') => Command::Close(Close { owner: owner.to_owned() }),
            ["log", level, "--", name, message] => Command::Log(Log {
                level: LogLevel::from_str(level, false).ok()?,
                name: name.parse().ok()?,
                message: vec![message.into()],
                session: InSession { session: None },
            }),
            _ => return None,
        };
        Some(Self { verbose: false, command })
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the hook for a shell's start-up file
    Init(Init),
    /// Start a server in the background
    Start(Start),
    /// Run a server for an MCP client, on standard input and output
    Run(Run),
    /// End servers, the whole tree of each
    Stop(Stop),
    /// End servers and start them again
    Restart(Restart),
    /// Show this session's servers
    Status(Status),
    /// Print the ports of this session's servers, for the shell
    Env(Env),
    /// Show what a server printed, or what happened
    Logs(Logs),
    /// Write a line to the central log
    Log(Log),
    /// Show the servers that are defined, and whether they may be started
    List(List),
    /// Say what would keep servers from being started, and start nothing
    Check(Check),
    /// Define a server in your servers.json
    Add(Add),
    /// Take a server out of your servers.json
    Remove(Remove),
    /// Allow the servers that a project's .mcp.json defines
    Allow(Allow),
    /// Take back that a project's .mcp.json is allowed
    Deny(Deny),
    /// End what outlived its session and remove what dead sessions left
    Cleanup(Cleanup),
    /// Examine the installation: the hook, programs, directories, left-overs, clients
    Doctor(Doctor),
    /// Print the completion script for a shell
    Completions(Completions),
    /// Open a session for a shell (used by the hook)
    #[command(hide = true)]
    Open(Open),
    /// End a session (used by the hook)
    #[command(hide = true)]
    Close(Close),
    /// List names for completion scripts
    #[command(hide = true)]
    Names(Names),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hooks_call_means_the_same_as_when_it_is_typed() {
        for line in [
            "init bash",
            "init fish",
            "open --shell posix --owner 42",
            "open --shell fish --owner 7",
            "close 1:a-1-b",
            "log warn -- web text",
            "log error -- web --verbose",
        ] {
            let words = || line.split(' ').map(OsString::from);
            let typed = Cli::try_parse_from(std::iter::once("mcp-hook".into()).chain(words())).expect(line);
            let called = Cli::from_hook(words()).expect(line);
            assert_eq!(format!("{called:?}"), format!("{typed:?}"));
        }
        for line in [
            "",
            "init",
            "init sh",
            "init bash -v",
            "open",
            "open --shell posix --owner x",
            "close --help",
            "status",
            "log loud -- web text",
            "log info web text",
            "log info -- web two words",
        ] {
            let words = line.split(' ').map(OsString::from);
            assert!(Cli::from_hook(words).is_none(), "{line}");
        }
    }
}
