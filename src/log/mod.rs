//! A server's log: one line per line that it printed, with time and stream.
//!
//! ```text
//! 2026-11-22T15:18:08.123Z err listening on 3001
//! ```
//!
//! What the server printed stands there byte for byte, but for its secrets (`server::secrets`).

pub mod central;
mod line;
mod line_buffer;
mod queue;
mod reader;
pub mod retention;
mod reverse_lines;
mod rotating_file;
mod tail;
mod writer;

pub use self::line::{Line, STARTED, Stream};
pub use self::line_buffer::LineBuffer;
pub use self::reader::{LogReader, Pick};
pub use self::tail::{has_printed, last_words, tail};
pub use self::writer::LogWriter;
