//! What `doctor` finds.

use serde::Serialize;

/// How good or bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Good,
    /// Works, but should not be so.
    Warning,
    /// Does not work.
    Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub grade: Grade,
    /// What it is about, in a word.
    pub about: &'static str,
    /// What was found.
    pub text: String,
    /// The way out.
    pub hint: Option<String>,
}

impl Finding {
    /// Something that is as it should be.
    pub fn good(about: &'static str, text: impl Into<String>) -> Self {
        Self { grade: Grade::Good, about, text: text.into(), hint: None }
    }

    /// Something that works but should not be so, and what to do about it.
    pub fn warning(about: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { grade: Grade::Warning, about, text: text.into(), hint: Some(hint.into()) }
    }

    /// Something that does not work, and what to do about it.
    pub fn problem(about: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { grade: Grade::Problem, about, text: text.into(), hint: Some(hint.into()) }
    }
}
