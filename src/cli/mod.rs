//! What can be typed.

mod definitions;
mod servers;
mod upkeep;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Error, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use self::definitions::{Add, Allow, Check, Deny, List, Remove};
use self::servers::InSession;
pub use self::servers::{Env, Life, Logs, Restart, Run, Since, Start, Status, Stop, Tuning};
pub use self::upkeep::{Cleanup, Close, Completions, Doctor, Init, Log, LogLevel, Names, NamesOf, Open};
use crate::shell::Shell;
use crate::shell::quote::Syntax;
use crate::{context, text};

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

impl Cli {
    /// What a user typed. Ends the program if that is no command of ours, or a question for help.
    pub fn from_user() -> Self {
        let words = || std::iter::once("mcp-hook".into()).chain(context::arguments());
        Self::try_parse_from(words()).unwrap_or_else(|error| {
            // What is wrong is shown as it was typed, or comes from a name that was not.
            let plain = words().map(|word: OsString| text::plain(&word.to_string_lossy()));
            Self::try_parse_from(plain).err().unwrap_or(error).exit()
        })
    }
}

/// Makes [`Command`] of a table. The same as `#[derive(Subcommand)]`, but that what a command takes is defined only if it is
/// the one that was typed: most of the time that it takes to read a command line goes into definitions.
macro_rules! commands {
    ($($(#[doc = $about:literal])+ $name:literal $variant:ident $(hide $hidden:literal)?,)+) => {
        /// The commands.
        #[derive(Debug)]
        pub enum Command {
            $($(#[doc = $about])+ $variant($variant),)+
        }

        impl Subcommand for Command {
            fn augment_subcommands(app: clap::Command) -> clap::Command {
                app.subcommands([$({
                    const ABOUT: &str = concat!($($about),+).trim_ascii_start();
                    clap::Command::new($name)
                        .about(ABOUT)
                        .hide(false $(|| $hidden)?)
                        .defer(|command| $variant::augment_args(command).about(ABOUT))
                }),+])
            }

            /// All at once, for those who look at the whole.
            fn augment_subcommands_for_update(app: clap::Command) -> clap::Command {
                app.subcommands([$(
                    $variant::augment_args(clap::Command::new($name))
                        .about(concat!($($about),+).trim_ascii_start())
                        .hide(false $(|| $hidden)?),
                )+])
            }

            fn has_subcommand(name: &str) -> bool {
                [$($name),+].contains(&name)
            }
        }

        impl FromArgMatches for Command {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                match matches.subcommand() {
                    $(Some(($name, matches)) => $variant::from_arg_matches(matches).map(Self::$variant),)+
                    _ => Err(Error::new(ErrorKind::MissingSubcommand)),
                }
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

commands! {
    /// Print the hook for a shell's start-up file
    "init" Init,
    /// Start a server in the background
    "start" Start,
    /// Run a server for an MCP client, on standard input and output
    "run" Run,
    /// End servers, the whole tree of each
    "stop" Stop,
    /// End servers and start them again
    "restart" Restart,
    /// Show this session's servers
    "status" Status,
    /// Print the ports of this session's servers, for the shell
    "env" Env,
    /// Show what a server printed, or what happened
    "logs" Logs,
    /// Write a line to the central log
    "log" Log,
    /// Show the servers that are defined, and whether they may be started
    "list" List,
    /// Say what would keep servers from being started, and start nothing
    "check" Check,
    /// Define a server in your servers.json
    "add" Add,
    /// Take a server out of your servers.json
    "remove" Remove,
    /// Allow the servers that a project's .mcp.json defines
    "allow" Allow,
    /// Take back that a project's .mcp.json is allowed
    "deny" Deny,
    /// End what outlived its session and remove what dead sessions left
    "cleanup" Cleanup,
    /// Examine the installation: the hook, programs, directories, left-overs, clients
    "doctor" Doctor,
    /// Print the completion script for a shell
    "completions" Completions,
    /// Open a session for a shell (used by the hook)
    "open" Open hide true,
    /// End a session (used by the hook)
    "close" Close hide true,
    /// List names for completion scripts
    "names" Names hide true,
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
