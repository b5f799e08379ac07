//! The arguments of commands that are about servers.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use crate::disk::names::{ServerName, SessionId};

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
