//! How a server was started whose command is one of a launcher.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::launch_cost::{LaunchCost, Saved};
use super::settings::LauncherPolicy;

/// A command, and what it would find.
pub struct View<'a> {
    pub words: &'a [String],
    /// All of its environment.
    pub variables: &'a BTreeMap<OsString, OsString>,
    pub directory: &'a Path,
    pub policy: LauncherPolicy,
}

/// What is executed in place of a launcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct {
    /// The server's program, where the launcher finds it.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The variables that the launcher sets.
    pub variables: Vec<(String, String)>,
}

/// Why the launcher has to find out itself, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt(pub String);

impl Direct {
    pub fn words(&self) -> Vec<String> {
        let program = self.program.display().to_string();
        [program].into_iter().chain(self.arguments.iter().cloned()).collect()
    }
}

pub type Known<T> = Result<T, Doubt>;

pub fn doubt<T>(why: impl Display) -> Known<T> {
    Err(Doubt(why.to_string()))
}

impl View<'_> {
    /// A variable as text.
    pub fn text(&self, name: &str) -> Known<Option<&str>> {
        match self.variables.get(&OsString::from(name)).map(|value| value.to_str()) {
            Some(None) => doubt(format!("{name} is not UTF-8")),
            value => Ok(value.flatten()),
        }
    }

    /// The same; an empty one counts as unset.
    pub fn set(&self, name: &str) -> Known<Option<&str>> {
        Ok(self.text(name)?.filter(|value| !value.is_empty()))
    }
}

/// The words that are executed in the end: those of `sh -c`, where no character means anything to a shell, else the words
/// themselves.
pub fn plain_words(words: &[String]) -> Option<Cow<'_, [String]>> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "@/._:,+- ".contains(character);
    match words {
        [shell, option, line] if shell == "sh" && option == "-c" => line.chars().all(is_plain).then(|| {
            let words = line.split(' ').filter(|word| !word.is_empty());
            Cow::Owned(words.map(str::to_owned).collect())
        }),
        words => Some(Cow::Borrowed(words)),
    }
}

/// Part of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Launch {
    /// Without the launcher, as one process.
    Direct {
        launcher: String,
        file: PathBuf,
        /// Not known of one that an earlier version has started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved: Option<Saved>,
    },
    /// By the launcher, since that is asked for or what it runs is not certain.
    AsWritten { launcher: String, why: String },
}

impl Launch {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Direct { launcher, file, .. } => format!("without {launcher}: {}", file.display()),
            Self::AsWritten { launcher, why } => format!("by {launcher}: {why}"),
        }
    }

    /// What was saved, if anything was.
    pub fn saved(&self) -> Option<&Saved> {
        match self {
            Self::Direct { saved, .. } => saved.as_ref(),
            Self::AsWritten { .. } => None,
        }
    }

    /// Takes in that the server has answered for the first time, after so many milliseconds, where its launcher takes `cost`.
    pub fn note_answer(&mut self, answer_ms: u64, cost: &LaunchCost) {
        if let Self::Direct { saved, .. } = self {
            *saved = Some(cost.saved(Some(answer_ms)));
        }
    }
}
