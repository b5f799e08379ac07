//! What is wrong with a definition where it is to be started, in words. No value of a secret is ever part of them.

use std::fmt;
use std::path::PathBuf;

use super::json_path::BadPath;
use super::spelling::{self, Spelling};
use super::template::BadTemplate;
use crate::mcp::check::finding::Code;
use crate::server::secret_encodings::SHORTEST;
use crate::text;
use crate::text::excerpt::excerpt;

/// In how many places a variable is said to be used.
const MOST_PLACES: usize = 20;
/// A description is a sentence or two, in letters.
const LONGEST_DESCRIPTION: usize = 400;

/// Something that keeps a server from being started.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    #[error("{place}: {why}")]
    Template { place: String, why: BadTemplate },
    #[error("{} is not set{}{}{}", excerpt(name), listed(places), described(description.as_deref()), of_others(name))]
    Unset { name: String, places: Vec<String>, description: Option<String> },
    #[error("{} is empty{}", excerpt(name), described(description.as_deref()))]
    Empty { name: String, description: Option<String> },
    /// A variable with a value that it may not have; `None` for a secret one.
    #[error("{} is {}{}{}", excerpt(name), shown(value.as_deref()), several(choices), described(description.as_deref()))]
    Choice { name: String, value: Option<String>, choices: Vec<String>, description: Option<String> },
    #[error("{} is not valid UTF-8", excerpt(name))]
    NotText { name: String },
    /// A variable of ours that has no value, because a key of the definition is not there.
    #[error("{place}: ${{{name}}} needs {key}")]
    NeedsKey { place: String, name: &'static str, key: &'static str },
    /// A variable of ours where it has no value yet.
    #[error("{place}: ${{{name}}} is not known there")]
    TooEarly { place: String, name: &'static str },
    /// A secret in what is recorded and shown.
    #[error("{place}: it holds {name}, which is secret, and paths are shown")]
    SecretPath { place: String, name: String },
    #[error("command: it is empty once it is expanded")]
    NoCommand,
    #[error("{place}: {:?} is not a path: {why}", excerpt(text))]
    Pattern { place: String, text: String, why: BadPath },
    #[error("{}: {what}", file.display())]
    Config { file: PathBuf, what: ConfigProblem },
    #[error("{0}")]
    System(SystemProblem),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ConfigProblem {
    #[error("{0}")]
    Unreadable(String),
    #[error("line {line}, column {column}: {what}")]
    Syntax { line: usize, column: usize, what: String },
    #[error("{0} is missing")]
    Missing(String),
    #[error("{0} is not the name of a variable")]
    NotAName(String),
    /// A variable without a value. It is named only if its name cannot be taken for a value.
    #[error("{path} names {}, which is {}", name.as_deref().unwrap_or("a variable"), if *is_empty { "empty" } else { "not set" })]
    Names { path: String, name: Option<String>, is_empty: bool },
}

/// Something that keeps a server from being started here and now.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SystemProblem {
    #[error("command: {0}")]
    Program(String),
    #[error("cwd: there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    #[error("hook.port: {0}")]
    Port(String),
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A variable with a value that was copied from an example.
    Placeholder { name: String, description: Option<String> },
    /// A text that stands for itself, but means something to other programs.
    Spelling { place: String, text: String, spelling: Spelling },
    /// A secret that would be masked in the middle of other words.
    ShortSecret { name: String },
    /// Something to be watched that is not there.
    NothingToWatch { place: String, path: PathBuf },
    /// A key that has no effect where the server is started.
    NoEffect { key: &'static str, why: &'static str },
    /// A project's file that does not count yet.
    NotAllowed { file: PathBuf },
}

impl Problem {
    /// Whether setting a variable where mcp-hook is called would do.
    pub fn is_unset(&self) -> bool {
        matches!(self, Self::Unset { places, name, .. } if !places.is_empty() && spelling::of_name(name).is_none())
    }

    /// What `check --connect` calls it.
    pub fn code(&self) -> Code {
        match self {
            Self::Unset { places, .. } if !places.is_empty() => Code::Unexpanded,
            _ => Code::InvalidDefinition,
        }
    }

    /// Whether another value of a variable of the server would do.
    pub fn is_of_variable(&self) -> bool {
        match self {
            Self::Unset { name, .. } => spelling::of_name(name).is_none(),
            Self::Empty { .. } | Self::Choice { .. } => true,
            Self::Config { what, .. } => matches!(what, ConfigProblem::Names { .. }),
            _ => false,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placeholder { name, description } => {
                write!(formatter, "{} looks like a placeholder{}", excerpt(name), described(description.as_deref()))
            }
            Self::Spelling { place, text, spelling } => {
                write!(formatter, "{place}: {text} stays as it is; {spelling}")
            }
            Self::ShortSecret { name } => {
                let name = excerpt(name);
                write!(formatter, "{name} is secret, but shorter than {SHORTEST} bytes: logs are not kept clear of it")
            }
            Self::NothingToWatch { place, path } => {
                write!(formatter, "{place}: there is no {} yet; it is waited for", path.display())
            }
            Self::NoEffect { key, why } => write!(formatter, "{key}: it has no effect here: {why}"),
            Self::NotAllowed { file } => {
                write!(
                    formatter,
                    "{} has not been allowed, so only its form was checked: mcp-hook allow",
                    file.display()
                )
            }
        }
    }
}

/// A text for a line of a terminal: what stands in a file is not to steer it.
pub fn line(text: &impl ToString) -> String {
    text::plain(&text.to_string())
}

fn listed(places: &[String]) -> String {
    let shown = &places[..places.len().min(MOST_PLACES)];
    match places.len() - shown.len() {
        0 if shown.is_empty() => String::new(),
        0 => format!(" (used in {})", shown.join(", ")),
        more => format!(" (used in {} and {more} more)", shown.join(", ")),
    }
}

/// A few words, each cut if it is very long.
fn several(words: &[String]) -> String {
    let shown: Vec<_> = words.iter().take(MOST_PLACES).map(|word| excerpt(word)).collect();
    let more = if words.len() > shown.len() { ", …" } else { "" };
    shown.join(", ") + more
}

fn described(description: Option<&str>) -> String {
    description
        .map(|text| format!(": {}", text.chars().take(LONGEST_DESCRIPTION).collect::<String>()))
        .unwrap_or_default()
}

fn of_others(name: &str) -> String {
    spelling::of_name(name).map(|spelling| format!("; {spelling}")).unwrap_or_default()
}

fn shown(value: Option<&str>) -> String {
    value.map_or("none of ".to_owned(), |value| format!("{:?}, not one of ", excerpt(value)))
}
