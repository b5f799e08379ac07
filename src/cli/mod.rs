//! What can be typed.

mod clients;
mod command;
#[cfg(test)]
mod completions;
mod definitions;
mod help;
mod plain;
mod servers;
#[cfg(test)]
mod tests;
mod upkeep;

use std::ffi::OsString;

use clap::{Args, FromArgMatches, Parser, ValueEnum};

pub use self::clients::{Change, Clients, Mcp, Tool, Unwrap, Wrap};
pub use self::command::Command;
use self::command::GROUPS;
pub use self::definitions::{Add, Allow, Check, Deny, List, Remove};
use self::servers::InSession;
pub use self::servers::{Env, LifecycleOptions, Logs, Restart, Run, ServerOptions, Since, Start, Status, Stop};
pub use self::upkeep::{Cleanup, Close, Completions, Doctor, Init, Log, LogLevel, Names, NamesOf, Open};
use crate::shell::Shell;
use crate::shell::syntax::Syntax;
use crate::{context, text};

/// Sessions for MCP servers: what a terminal starts ends with it.
#[derive(Debug, Parser)]
#[command(name = "mcp-hook", version, arg_required_else_help = true, help_template = help::template(GROUPS))]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What can be said with every command.
#[derive(Debug, Default, Args)]
pub struct Global {
    /// Say on standard error what is decided, and why
    #[arg(short, long, global = true, display_order = 900)]
    pub verbose: bool,
}

impl Cli {
    /// What a hook calls, in exactly the words in which hooks call it; `None` for anything else. Every shell that
    /// starts waits for two of these, and defining the whole command line takes longer than all they do.
    pub fn from_hook(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        // More than any of these takes: not to be read to the end.
        let words: Vec<String> = arguments.take(6).map(|word| word.into_string().ok()).collect::<Option<_>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = match *words {
            ["init", shell] => Command::Init(Init { shell: Some(Shell::ALL.into_iter().find(|it| it.name == shell)?) }),
            ["open", "--shell", shell, "--owner", owner] => {
                Command::Open(Open { shell: <&Syntax>::from_str(shell, false).ok()?, owner: Some(owner.parse().ok()?) })
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
        Some(Self { global: Global::default(), command })
    }

    /// What a user typed. Ends the program if that is no command of ours, or a question for help.
    pub fn from_user() -> Self {
        Self::alone(context::arguments()).unwrap_or_else(Self::from_whole)
    }

    /// What was typed, if it begins with a command and says it right: then nobody asks what the others are, and to define
    /// them takes longer than most commands.
    fn alone(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let name = arguments.next()?.into_string().ok()?;
        let definition = Global::augment_args(Command::define(&name)?).no_binary_name(true);
        let matches = definition.try_get_matches_from(arguments).ok()?;
        let global = Global::from_arg_matches(&matches).ok()?;
        Some(Self { global, command: Command::read(&name, &matches)?.ok()? })
    }

    fn from_whole() -> Self {
        Self::try_parse_from(words()).unwrap_or_else(|error| {
            // An error quotes what was typed: once more, with words that a terminal can be shown.
            let plain = words().map(|word| text::plain(&word.to_string_lossy()));
            Self::try_parse_from(plain).err().unwrap_or(error).exit()
        })
    }
}

/// The command line, with our own name for the program.
fn words() -> impl Iterator<Item = OsString> {
    std::iter::once("mcp-hook".into()).chain(context::arguments())
}
