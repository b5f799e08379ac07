//! The arguments of commands that are about shells, sessions and the installation.

use clap::Args;

use crate::shell::Shell;
use crate::shell::quote::Syntax;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The shell; without it, show the three and their rc lines
    #[arg(value_enum)]
    pub shell: Option<Shell>,
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
