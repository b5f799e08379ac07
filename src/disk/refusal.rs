//! Why a place is not used.

use std::io;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
#[error("could not use {path}: {why}")]
pub struct Refusal {
    path: String,
    pub why: String,
    /// The way out, where there is a simple one.
    pub hint: Option<String>,
}

impl Refusal {
    pub fn new(path: &Path, why: impl Into<String>) -> Self {
        Self { path: path.display().to_string(), why: why.into(), hint: None }
    }

    /// The same with the way out, where there is one.
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The refusal in an error, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}
