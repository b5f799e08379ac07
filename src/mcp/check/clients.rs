//! Which clients a fault stops, where it does not stop all of them: as measured, with servers that had this fault and no other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A client, or a library that clients are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    ClaudeCode,
    Codex,
    Gemini,
    Mcporter,
    Inspector,
    PythonSdk,
}

/// A fault that some clients get over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurdle {
    ByteOrderMark,
    /// No tools, no prompts and no resources.
    NothingListed,
    /// More than 10 MiB in one message.
    LargeMessage,
    /// A tool without a schema.
    InvalidTool,
    /// HTTP with SSE behind an address for streamable HTTP.
    LegacySse,
    /// A whole command line for a program.
    CommandLine,
}

/// What a client makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Works,
    Fails,
    Unknown,
}

impl Measured {
    pub const ALL: [Self; 6] =
        [Self::ClaudeCode, Self::Codex, Self::Gemini, Self::Mcporter, Self::Inspector, Self::PythonSdk];
}

impl Hurdle {
    /// In the order of [`Measured::ALL`].
    fn sights(self) -> [Sight; 6] {
        use Sight::{Fails, Unknown, Works};
        match self {
            Self::ByteOrderMark => [Works, Works, Fails, Fails, Fails, Fails],
            Self::NothingListed => [Works, Works, Fails, Works, Unknown, Unknown],
            Self::LargeMessage => [Works, Unknown, Fails, Fails, Fails, Works],
            Self::InvalidTool => [Fails, Fails, Fails, Unknown, Works, Fails],
            Self::LegacySse => [Works, Fails, Fails, Works, Unknown, Unknown],
            Self::CommandLine => [Fails, Unknown, Fails, Works, Unknown, Unknown],
        }
    }

    fn those(self, wanted: Sight) -> Vec<Measured> {
        let pairs = Measured::ALL.into_iter().zip(self.sights());
        pairs.filter(|(_, sight)| *sight == wanted).map(|(client, _)| client).collect()
    }

    pub fn works_in(self) -> Vec<Measured> {
        self.those(Sight::Works)
    }

    pub fn fails_in(self) -> Vec<Measured> {
        self.those(Sight::Fails)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
            Self::Mcporter => "mcporter",
            Self::Inspector => "MCP Inspector",
            Self::PythonSdk => "the Python SDK",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hurdle_stops_somebody_and_nobody_twice() {
        use Hurdle::{ByteOrderMark, CommandLine, InvalidTool, LargeMessage, LegacySse, NothingListed};
        for hurdle in [ByteOrderMark, NothingListed, LargeMessage, InvalidTool, LegacySse, CommandLine] {
            let (works, fails) = (hurdle.works_in(), hurdle.fails_in());
            assert!(!works.is_empty() && !fails.is_empty(), "{hurdle:?}");
            assert!(works.iter().all(|client| !fails.contains(client)), "{hurdle:?}");
        }
    }
}
