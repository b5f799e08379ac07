//! A server's log: one line per line that it printed, with time and stream.
//!
//! ```text
//! 2026-11-22T15:18:08.123Z err listening on 3001
//! ```
//!
//! What the server printed stands there byte for byte, but for its secrets ([`secrets`]).

mod lines;
mod queue;
pub mod secrets;
mod sink;
mod tail;
mod writer;

pub use self::lines::LineBuffer;
pub use self::tail::tail;
pub use self::writer::LogWriter;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The server's standard output.
    Out,
    /// The server's standard error.
    Err,
    /// mcp-hook itself.
    Hook,
}

impl Stream {
    /// The stream as it stands in the log: three or four letters and a space.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Out => "out ",
            Self::Err => "err ",
            Self::Hook => "hook ",
        }
    }
}

/// The text of a log line without time and stream, if it is of `stream`.
#[must_use]
pub fn text_of(line: &str, stream: Stream) -> Option<&str> {
    line.split_once(' ')?.1.strip_prefix(stream.tag())
}
