//! How a server was started whose command is one of a launcher.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

/// Part of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Launch {
    /// Without the launcher, as one process.
    Direct { launcher: String, file: PathBuf },
    /// By the launcher, since that is asked for or what it runs is not certain.
    AsWritten { launcher: String, why: String },
}

impl Launch {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Direct { launcher, file } => format!("without {launcher}: {}", file.display()),
            Self::AsWritten { launcher, why } => format!("by {launcher}: {why}"),
        }
    }
}
