//! What is started.

use std::ffi::OsString;
use std::fmt;

use anyhow::{Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

/// A server's command in one of the two forms that `start` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandLine {
    Argv(Vec<String>),
    /// A line for `sh -c`.
    Shell(String),
}

impl CommandLine {
    pub fn from_words(words: Vec<OsString>) -> Result<Self> {
        ensure!(words.first().is_some_and(|program| !program.is_empty()), "the command is empty");
        let mut texts = Vec::new();
        for word in words {
            let text = word.into_string();
            texts.push(text.map_err(|word| anyhow!("the argument {} is not valid UTF-8", word.display()))?);
        }
        Ok(Self::Argv(texts))
    }

    pub fn from_line(line: String) -> Result<Self> {
        ensure!(!line.trim().is_empty(), "the command is empty");
        Ok(Self::Shell(line))
    }

    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::Argv(words) => words.iter().map(String::as_str).collect(),
            Self::Shell(line) => vec!["sh", "-c", line],
        }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argv(words) => formatter.write_str(&words.join(" ")),
            Self::Shell(line) => formatter.write_str(line),
        }
    }
}
