//! How the processes of one server are recognised.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::disk::names::{ServerName, SessionId};
use crate::sys::{fd, mark};

/// The environment variable that carries the token.
pub const VARIABLE: &str = "MCP_HOOK_TOKEN";
/// A descendant with this set to 1 in its environment is let go.
pub const KEEP_VARIABLE: &str = "MCP_HOOK_KEEP";

/// `SESSION/SERVER/RANDOM`: in the environment of every descendant that keeps its environment. The random part is
/// also the [`mark`] that every descendant carries where the platform has marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token {
    session: SessionId,
    server: ServerName,
    random: u64,
}

impl Token {
    /// A token that nobody has had before.
    pub fn new(session: SessionId, server: ServerName) -> std::io::Result<Self> {
        let random = fd::random()?;
        Ok(Self { session, server, random: mark::choose(random).unwrap_or(random) })
    }

    fn parse(text: &str) -> Option<Self> {
        let (session, rest) = text.split_once('/')?;
        let (server, random) = rest.split_once('/')?;
        if random.len() != 16 {
            return None;
        }
        Some(Self {
            session: session.parse().ok()?,
            server: server.parse().ok()?,
            random: u64::from_str_radix(random, 16).ok()?,
        })
    }

    pub fn session(&self) -> &SessionId {
        &self.session
    }

    pub fn server(&self) -> &ServerName {
        &self.server
    }

    /// The number that marked processes carry.
    pub fn mark(&self) -> u64 {
        self.random
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{:016x}", self.session, self.server, self.random)
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("{text:?} is no token"))
    }
}

impl TryFrom<String> for Token {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_anything_else_is_refused() {
        let token = Token::new("pts3-1-abcd".parse().expect("an id"), "web".parse().expect("a name")).expect("random");
        assert_eq!(token.to_string().parse::<Token>().as_ref(), Ok(&token));
        for bad in ["", "a/b", "a/b/1", "a/session/0123456789abcdef", "a/b/0123456789abcdefg", "../b/0123456789abcdef"]
        {
            assert!(bad.parse::<Token>().is_err(), "{bad:?} was taken");
        }
    }
}
