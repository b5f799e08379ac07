//! How a server was started whose command is one of a launcher.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::npx::Direct;

/// What was decided for the next start.
#[derive(Default)]
pub struct Shortcut {
    /// What is executed in place of the launcher.
    pub direct: Option<Direct>,
    /// Whether a server that was started so failed: the launcher may mend that.
    pub is_mistrusted: bool,
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
