//! The shells: what is printed for them to evaluate.

pub mod completions;
pub mod export;
pub mod hook;
pub mod quote;
pub mod rc;
pub mod stale;

use std::fmt;

/// A shell with a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash, 3.2 and later.
    Bash,
    /// The Z shell, 5.0 and later.
    Zsh,
    /// fish, 3.1 and later.
    Fish,
}

impl fmt::Display for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        })
    }
}
