//! The arguments of commands that are about shells, sessions and the installation.

use std::ffi::OsString;

use clap::Args;

use super::InSession;
use crate::disk::names::ServerName;
use crate::shell::Shell;
use crate::shell::syntax::Syntax;

#[derive(Debug, Args)]
pub struct Init {
    /// The shell; without it, show the three and their rc lines
    #[arg(value_enum)]
    pub shell: Option<&'static Shell>,
}

#[derive(Debug, Args)]
pub struct Cleanup {
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Log {
    /// How severe it is
    #[arg(value_enum)]
    pub level: LogLevel,
    /// The server that it is about
    pub name: ServerName,
    /// What to write; several words are joined by spaces
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub message: Vec<OsString>,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// As it should be
    Info,
    /// Something to look at
    Warn,
    /// Something went wrong
    Error,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: &'static Shell,
}

// Frozen: hooks of older versions are in people's caches.
#[derive(Debug, Args)]
pub struct Open {
    /// How the shell that evaluates the output quotes.
    #[arg(long, value_enum, default_value = "posix")]
    pub shell: &'static Syntax,
    /// The pid of the shell, which must be above this process [default: the shell that this was called from]
    #[arg(long, value_name = "PID")]
    pub owner: Option<i32>,
}

// Frozen: hooks of older versions are in people's caches.
#[derive(Debug, Args)]
pub struct Close {
    /// The owner as open printed it, PID:ID
    pub owner: String,
}

#[derive(Debug, Args)]
pub struct Names {
    /// Which names
    #[arg(value_enum)]
    pub of: NamesOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NamesOf {
    /// Servers of this session
    Servers,
    /// Servers that are defined and may be started
    Definitions,
    /// Sessions with a living owner
    Sessions,
}
