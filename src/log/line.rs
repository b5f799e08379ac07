//! A line of a server's log, as it is written and read back.

use std::time::SystemTime;

use serde::Serialize;

use super::central::Level;

/// The length of a time and a space, in bytes.
const STAMP: usize = 25;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Out,
    Err,
    /// mcp-hook itself.
    Hook,
}

impl Stream {
    /// The stream as it stands in the log: three or four letters and a space.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Out => "out ",
            Self::Err => "err ",
            Self::Hook => "hook ",
        }
    }
}

/// A line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'line> {
    /// When it ended.
    pub time: SystemTime,
    pub stream: Stream,
    pub text: &'line [u8],
}

impl<'line> Line<'line> {
    /// Reads a line back; `None` for what is none.
    pub fn parse(line: &'line [u8]) -> Option<Self> {
        let (stamp, rest) = line.split_at_checked(STAMP)?;
        let time = humantime::parse_rfc3339(std::str::from_utf8(stamp).ok()?.trim_end()).ok()?;
        [Stream::Out, Stream::Err, Stream::Hook].into_iter().find_map(|stream| {
            let text = rest.strip_prefix(stream.tag().as_bytes())?;
            Some(Self { time, stream, text })
        })
    }

    /// Whether it is the first one of a server that was just started.
    pub fn begins_life(&self) -> bool {
        self.stream == Stream::Hook && self.text.starts_with(STARTED.as_bytes())
    }

    /// Whether it tells of something that is not as it should be, as far as that can be known.
    pub fn is_error(&self) -> bool {
        match self.stream {
            Stream::Out => false,
            Stream::Err => true,
            Stream::Hook => [Level::Warn, Level::Error].iter().any(|&it| self.text.starts_with(prefix(it).as_bytes())),
        }
    }
}

/// How the first line of each run of a server begins; its pid follows.
pub const STARTED: &str = "started, pid ";

/// What our own lines begin with.
pub(super) fn prefix(level: Level) -> &'static str {
    match level {
        Level::Info => "",
        Level::Warn => "warning: ",
        Level::Error => "error: ",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn lines_are_read_back_and_nothing_else_is() {
        let time = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        for (line, stream, text, is_error) in [
            ("2026-09-21T14:13:20.123Z out hi", Stream::Out, "hi", false),
            ("2026-09-21T14:13:20.123Z err ", Stream::Err, "", true),
            ("2026-09-21T14:13:20.123Z hook started, pid 7", Stream::Hook, "started, pid 7", false),
            ("2026-09-21T14:13:20.123Z hook error: it failed", Stream::Hook, "error: it failed", true),
        ] {
            let read = Line::parse(line.as_bytes()).expect(line);
            assert_eq!(read, Line { time, stream, text: text.as_bytes() });
            assert_eq!(read.is_error(), is_error, "{line}");
        }
        for bad in ["", "2026-09-21T14:13:20.123Z", "2026-09-21T14:13:20.123Z in  x", "hello, this is just some text"] {
            assert_eq!(Line::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
