//! What `doctor` found, a line each.

use std::fmt::Write;

use serde::Serialize;

use super::columns::{LABEL, label};
use super::style::{self, paint};
use crate::text::plain;

/// How good or bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Works, but should not be so.
    Warning,
    /// Does not work.
    Problem,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How good or bad it is.
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

/// A line for each finding, and one for each hint.
pub fn findings(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

/// The same as plain text, for tests.
#[cfg(test)]
pub fn unpainted(all: &[Finding]) -> String {
    anstream::adapter::strip_str(&findings(all)).to_string()
}

fn line(finding: &Finding) -> String {
    let (sign, style) = match finding.grade {
        Grade::Good => ("✓", style::GOOD),
        Grade::Warning => ("!", style::WARNING),
        Grade::Problem => ("✗", style::ERROR),
    };
    let mut text = format!("{} {} {}\n", paint(style, sign), label(finding.about), plain(&finding.text));
    if let Some(hint) = &finding.hint {
        let _ = writeln!(text, "{:HINT$}{} {}", "", paint(style::HINT, "hint:"), plain(hint));
    }
    text
}

/// Below the text: behind the sign, the label and a space after each.
const HINT: usize = LABEL + 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_a_line_and_a_hint_another() {
        let all = [
            Finding::good("session", "this shell owns pts3-4800-k7f2"),
            Finding::warning("clients", "\"web\" of /p/.mcp.json is not run by mcp-hook", "one way\nor another"),
            Finding::problem("root", "/tmp/x: others may\nenter it", "chmod 700 /tmp/x"),
        ];
        insta::assert_snapshot!(unpainted(&all), @r#"
        ✓ session      this shell owns pts3-4800-k7f2
        ! clients      "web" of /p/.mcp.json is not run by mcp-hook
                       hint: one way\nor another
        ✗ root         /tmp/x: others may\nenter it
                       hint: chmod 700 /tmp/x
        "#);
    }
}
