//! Names that become file names: checked once, at the edge, and safe ever after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const LONGEST_SERVER_NAME: usize = 64;
const LONGEST_TERMINAL: usize = 32;
/// The length of the random part of an id.
const RANDOM_DIGITS: usize = 4;

/// The name of a server in its session: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, but not `session`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerName(String);

/// The id of a session, `TTY-PID-RANDOM`. Only what has this form names a session: other directories are not ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Another character than the permitted ones, or one of `._-` in front, or nothing at all, or too much.
    #[error(
        "{what} {text:?} is not 1 to {longest} of the characters A-Z a-z 0-9 . _ - with a letter or digit in front"
    )]
    Shape { what: &'static str, text: String, longest: usize },
    /// Not the form of an id.
    #[error("session id {0:?} has not the form TTY-PID-RANDOM, as pts3-48213-k7f2 has")]
    Id(String),
    /// `session` is the name of the session's own files.
    #[error("the server name \"session\" is taken by mcp-hook itself")]
    Taken,
}

fn check(what: &'static str, text: &str, longest: usize) -> Result<(), BadName> {
    let fits =
        (1..=longest).contains(&text.len()) && text.chars().all(is_plain) && text.as_bytes()[0].is_ascii_alphanumeric();
    if fits { Ok(()) } else { Err(BadName::Shape { what, text: text.to_owned(), longest }) }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "._-".contains(character)
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl FromStr for ServerName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        check("server name", text, LONGEST_SERVER_NAME)?;
        if text == "session" { Err(BadName::Taken) } else { Ok(Self(text.to_owned())) }
    }
}

impl FromStr for SessionId {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if is_session_id(text) { Ok(Self(text.to_owned())) } else { Err(BadName::Id(text.to_owned())) }
    }
}

fn is_session_id(text: &str) -> bool {
    let Some((front, random)) = text.rsplit_once('-') else { return false };
    let Some((terminal, owner)) = front.split_once('-') else { return false };
    let is_owner = !owner.starts_with(['0', '+']) && owner.parse::<i32>().is_ok_and(|owner| owner > 0);
    let is_terminal = (1..=LONGEST_TERMINAL).contains(&terminal.len()) && is_alphanumeric(terminal);
    let is_random = random.len() == RANDOM_DIGITS && is_alphanumeric(random) && random == random.to_ascii_lowercase();
    is_terminal && is_owner && is_random
}

impl ServerName {
    /// The name of what is called `label` elsewhere, always the same one: what a name may not hold becomes a dash.
    pub fn from_label(label: &str) -> Self {
        let parts: Vec<&str> = label.split(|it| !is_plain(it)).filter(|part| !part.is_empty()).collect();
        let joined = parts.join("-");
        let name: String = joined.trim_start_matches(['.', '_', '-']).chars().take(LONGEST_SERVER_NAME).collect();
        match name.as_str() {
            "" => Self("server".to_owned()),
            "session" => Self("session-server".to_owned()),
            _ => Self(name),
        }
    }

    /// The name of the `n`th server (from 2) that runs under this name in one session.
    pub fn numbered(&self, n: u32) -> Self {
        let suffix = format!(".{n}");
        let stem: String = self.0.chars().take(LONGEST_SERVER_NAME - suffix.len()).collect();
        Self(stem + &suffix)
    }
}

impl SessionId {
    /// A new id: the terminal's short name, the owner's pid, and a random part.
    pub fn new(terminal: &str, owner: i32, random: u64) -> Self {
        const DIGITS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let terminal: String = terminal.chars().filter(char::is_ascii_alphanumeric).take(LONGEST_TERMINAL).collect();
        let terminal = if terminal.is_empty() { "notty" } else { &terminal };
        let suffix: String = (0..RANDOM_DIGITS)
            .map(|digit| char::from(DIGITS[usize::try_from(random >> (digit * 5) & 31).unwrap_or(0)]))
            .collect();
        Self(format!("{terminal}-{owner}-{suffix}"))
    }

    /// The owner's pid that the id was made with; a hint, no truth.
    pub fn owner(&self) -> Option<i32> {
        self.0.rsplit('-').nth(1)?.parse().ok()
    }

    /// The terminal that the id was made with; a hint, no truth.
    pub fn terminal(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

text!(ServerName);
text!(SessionId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_could_leave_their_directory_are_refused() {
        for bad in ["", ".", "..", "a/b", "../x", "-rf", ".hidden", "a b", "a\nb", "ä", "a\0b", &"x".repeat(65)] {
            assert!(bad.parse::<ServerName>().is_err(), "{bad:?} was taken");
        }
        assert_eq!("session".parse::<ServerName>(), Err(BadName::Taken));
        for good in ["a", "directory-polling", "Proxmox_2.1", &"x".repeat(64)] {
            assert!(good.parse::<ServerName>().is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn a_label_becomes_a_name_that_tells_what_was_meant() {
        for (label, name) in [
            ("MaaS Slack", "MaaS-Slack"),
            ("com.example/time", "com.example-time"),
            ("@scope/server", "scope-server"),
            ("../../etc/passwd", "etc-passwd"),
            ("-rf /", "rf"),
            ("  a \t b\n", "a-b"),
            ("Größe", "Gr-e"),
            ("天気", "server"),
            ("..", "server"),
            ("/session", "session-server"),
            ("plain_1.2-x", "plain_1.2-x"),
            (&"é x".repeat(40), &("x".to_owned() + &"-x".repeat(31) + "-")),
        ] {
            assert_eq!(ServerName::from_label(label).as_str(), name, "{label:?}");
        }
    }

    #[test]
    fn a_session_id_tells_terminal_and_owner() {
        let id = SessionId::new("pts/3", 48213, 0);
        assert_eq!(id.as_str(), "pts3-48213-aaaa");
        assert_eq!((id.terminal(), id.owner()), ("pts3", Some(48213)));
        assert_eq!(SessionId::new("", 7, u64::MAX).as_str(), "notty-7-9999");
    }

    #[test]
    fn what_has_not_the_form_of_an_id_names_no_session() {
        for bad in ["", "notes", "2024", "a-b-c", "pts3-48213", "pts3-48213-k7f", "pts3-48213-K7F2", "pts3-0-k7f2"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?} was taken");
        }
        for bad in ["../3-1-aaaa", "pts/3-1-aaaa", "pts.3-1-aaaa", "-1-aaaa", "pts3--1-aaaa", "pts3-1-2-aaaa"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn every_label_becomes_a_name_and_a_name_stays_one(label in ".*", name in "[A-Za-z0-9][A-Za-z0-9._-]{0,63}") {
            prop_assert!(ServerName::from_label(&label).as_str().parse::<ServerName>().is_ok());
            prop_assume!(name != "session");
            let same = ServerName::from_label(&name);
            prop_assert_eq!(same.as_str(), name);
        }

        #[test]
        fn every_id_that_is_made_can_be_read_back(terminal in ".*", owner in 1..i32::MAX, random: u64) {
            let id = SessionId::new(&terminal, owner, random);
            prop_assert_eq!(id.as_str().parse::<SessionId>(), Ok(id.clone()));
        }

        #[test]
        fn a_numbered_name_is_a_name(name in "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", n in 2u32..1000) {
            prop_assume!(name != "session");
            let numbered = name.parse::<ServerName>().expect("a name").numbered(n);
            prop_assert!(numbered.as_str().parse::<ServerName>().is_ok());
        }
    }
}
