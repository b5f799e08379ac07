//! The central logs of all sessions: `main.log`, and `error.log` with its warnings and errors.
//!
//! ```text
//! 2026-11-22T15:18:08.123Z warn  pts3-48213-k7f2 web it failed 3 times within a minute
//! ```
//!
//! Time, level, session, server, text; `-` stands for no session and for no server. In the text a backslash, a line
//! break and whatever a terminal does not just show is written as in Rust's strings (`\\`, `\n`, `\u{1b}`); it has an end.

mod write;

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use serde::Serialize;

pub use self::write::write;
use crate::context;
use crate::disk::layout::CentralLogs;
use crate::disk::names::{ServerName, SessionId};
use crate::text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A line of a central log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CentralEntry {
    /// When it happened; milliseconds are kept.
    pub time: SystemTime,
    pub level: Level,
    pub session: Option<SessionId>,
    pub server: Option<ServerName>,
    pub text: String,
}

/// Adds a line about a session and a server, now. Errors are ignored: no command fails for a log.
pub fn report(
    logs: &CentralLogs,
    level: Level,
    (session, server): (Option<&SessionId>, Option<&ServerName>),
    text: &str,
) {
    let (session, server) = (session.cloned(), server.cloned());
    let _ = write(logs, &CentralEntry { time: context::wall_clock(), level, session, server, text: text.to_owned() });
}

/// A longer text is cut, in bytes as it is written.
const LONGEST: usize = 4 << 10;
/// Stands where a text was cut.
const CUT: char = '…';

impl fmt::Display for CentralEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = humantime::format_rfc3339_millis(self.time);
        let session = self.session.as_ref().map_or("-", SessionId::as_str);
        let server = self.server.as_ref().map_or("-", ServerName::as_str);
        write!(formatter, "{time} {:<5} {session} {server} {}", self.level.name(), escape(&self.text))
    }
}

impl FromStr for CentralEntry {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        fn named<T: FromStr>(word: &str) -> Result<Option<T>, ()> {
            if word == "-" { Ok(None) } else { word.parse().map(Some).map_err(drop) }
        }
        let (time, rest) = line.split_once(' ').ok_or(())?;
        let (level, rest) = rest.split_once(' ').ok_or(())?;
        let (session, rest) = rest.trim_start_matches(' ').split_once(' ').ok_or(())?;
        let (server, text) = rest.split_once(' ').ok_or(())?;
        let levels = [Level::Info, Level::Warn, Level::Error];
        Ok(Self {
            time: humantime::parse_rfc3339(time).map_err(drop)?,
            level: levels.into_iter().find(|known| known.name() == level).ok_or(())?,
            session: named(session)?,
            server: named(server)?,
            text: unescape(text),
        })
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let length = escaped.len();
        if character == '\\' || !text::is_plain(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
        if escaped.len() > LONGEST {
            escaped.truncate(length);
            escaped.push(CUT);
            break;
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let (character, length) = escaped_character(&rest[at..]).unwrap_or(('\\', 1));
        plain.push(character);
        rest = &rest[at + length..];
    }
    plain + rest
}

/// What an escape in front of `text` stands for, and its length.
fn escaped_character(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().get(1)? {
        b'\\' => Some(('\\', 2)),
        b'n' => Some(('\n', 2)),
        b'r' => Some(('\r', 2)),
        b't' => Some(('\t', 2)),
        b'u' => {
            let (digits, _) = text.strip_prefix(r"\u{")?.split_once('}')?;
            let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            Some((character, digits.len() + 4))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn entry(text: &str) -> CentralEntry {
        CentralEntry {
            time: UNIX_EPOCH + Duration::from_millis(1_790_000_000_123),
            level: Level::Warn,
            session: Some("pts3-48213-k7f2".parse().expect("an id")),
            server: Some("web".parse().expect("a name")),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_line_says_when_how_grave_where_and_what() {
        insta::assert_snapshot!(entry("it failed"), @"2026-09-21T14:13:20.123Z warn  pts3-48213-k7f2 web it failed");
        let outside =
            CentralEntry { level: Level::Error, session: None, server: None, ..entry("two\nlines\x1b[2J \\o/") };
        insta::assert_snapshot!(outside, @r"2026-09-21T14:13:20.123Z error - - two\nlines\u{1b}[2J \\o/");
    }

    #[test]
    fn a_text_without_end_is_cut_between_characters() {
        let line = entry(&"\u{1b}".repeat(10_000)).to_string();
        assert!(line.len() < LONGEST + 100 && line.ends_with(r"\u{1b}…"), "{line}");
    }

    #[test]
    fn what_is_no_line_is_not_taken_for_one() {
        for bad in [
            "",
            "hello",
            "2026-09-21T14:13:20.123Z warn",
            "yesterday warn  - - text",
            "2026-09-21T14:13:20.123Z loud  - - text",
            "2026-09-21T14:13:20.123Z warn  ../x - text",
        ] {
            assert!(bad.parse::<CentralEntry>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_line_is_one_line_and_reads_back(text in any::<String>(), millis in 0u64..4_000_000_000_000) {
            let time = UNIX_EPOCH + Duration::from_millis(millis);
            let entry = CentralEntry { time, ..entry(&text) };
            let line = entry.to_string();
            prop_assert!(line.chars().all(text::is_plain));
            prop_assert_eq!(line.parse::<CentralEntry>(), Ok(entry));
        }
    }
}
