//! The central logs of all sessions: `main.log`, and `error.log` with its warnings and errors.

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}
