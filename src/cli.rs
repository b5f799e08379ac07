//! What can be typed.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::disk::names::{ServerName, SessionId};
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
    /// Show what a server printed
    Logs(Logs),
    /// End what outlived its session and remove what dead sessions left
    Cleanup(Cleanup),
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

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The shell; without it, show the three and their rc lines
    #[arg(value_enum)]
    pub shell: Option<Shell>,
}

/// Which session is meant.
#[derive(Debug, Args)]
pub struct InSession {
    /// The session, if not this terminal's
    #[arg(long, value_name = "ID")]
    pub session: Option<SessionId>,
}

/// What is started, and how.
#[derive(Debug, Args)]
pub struct What {
    /// The server's name in its session
    pub name: ServerName,
    /// A command line for `sh -c`
    #[arg(value_name = "COMMAND LINE")]
    pub line: Option<String>,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD", conflicts_with = "line")]
    pub words: Vec<OsString>,
    /// Time between SIGTERM and SIGKILL, like 10s or 500ms
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub grace: Option<Duration>,
    /// Give the server no terminal of its own
    #[arg(long)]
    pub no_tty: bool,
}

/// Arguments of `start`.
#[derive(Debug, Args)]
pub struct Start {
    /// What is started.
    #[command(flatten)]
    pub what: What,
    /// Do not wait until the server is ready
    #[arg(long)]
    pub no_wait: bool,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// What is started.
    #[command(flatten)]
    pub what: What,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub struct Stop {
    /// The servers
    #[arg(required_unless_present = "all")]
    pub names: Vec<ServerName>,
    /// All servers of the session
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `restart`.
#[derive(Debug, Args)]
pub struct Restart {
    /// The servers
    #[arg(required = true)]
    pub names: Vec<ServerName>,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Only this server; exit status 3 if it is not running, 4 if there is none of this name
    pub name: Option<ServerName>,
    /// Every session
    #[arg(long, conflicts_with_all = ["name", "session"])]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The server; without it, every server of the session
    pub name: Option<ServerName>,
    /// Go on printing what is added
    #[arg(short, long)]
    pub follow: bool,
    /// How many lines to begin with
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub lines: usize,
    /// Only what the server printed on standard error
    #[arg(long)]
    pub errors: bool,
    /// Which session is meant.
    #[command(flatten)]
    pub session: InSession,
}

/// Arguments of `cleanup`.
#[derive(Debug, Args)]
pub struct Cleanup {
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `open`. Frozen: hooks of older versions are in people's caches.
#[derive(Debug, Args)]
pub struct Open {
    /// How the shell that evaluates the output quotes.
    #[arg(long, value_enum, default_value = "posix")]
    pub shell: Syntax,
    /// The shell's pid; must be above this process. Default: the shell that this was called from.
    #[arg(long, value_name = "PID")]
    pub owner: Option<i32>,
}

/// Arguments of `close`. Frozen: hooks of older versions are in people's caches.
#[derive(Debug, Args)]
pub struct Close {
    /// PID:ID, as in `MCP_HOOK_OWNER`.
    pub owner: String,
}

/// Arguments of `names`.
#[derive(Debug, Args)]
pub struct Names {
    /// Which names.
    #[arg(value_enum)]
    pub of: NamesOf,
}

/// What `names` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NamesOf {
    /// Servers of this session.
    Servers,
    /// Sessions with a living owner.
    Sessions,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hooks_call_means_the_same_as_when_it_is_typed() {
        for line in
            ["init bash", "init fish", "open --shell posix --owner 42", "open --shell fish --owner 7", "close 1:a-1-b"]
        {
            let words = || line.split(' ').map(OsString::from);
            let typed = Cli::try_parse_from(std::iter::once("mcp-hook".into()).chain(words())).expect(line);
            let called = Cli::from_hook(words()).expect(line);
            assert_eq!(format!("{called:?}"), format!("{typed:?}"));
        }
        for line in
            ["", "init", "init sh", "init bash -v", "open", "open --shell posix --owner x", "close --help", "status"]
        {
            let words = line.split(' ').map(OsString::from);
            assert!(Cli::from_hook(words).is_none(), "{line}");
        }
    }
}
