//! Errors as users read them: `could not VERB THING: CAUSE`, and a hint where there is a way out.

use std::fmt;

#[derive(Debug)]
pub struct Hinted {
    cause: anyhow::Error,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.cause)
    }
}

impl std::error::Error for Hinted {}

impl Hinted {
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// An error that takes several lines to tell.
#[derive(Debug)]
pub struct Listed {
    head: String,
    lines: Vec<String>,
}

impl fmt::Display for Listed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.head)?;
        self.lines.iter().try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

impl std::error::Error for Listed {}

/// An error whose details stand below it, a line each, with a way out.
pub fn listed(head: String, lines: Vec<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted { cause: Listed { head, lines }.into(), hint: hint.into() }.into()
}

/// The line of an error and its causes, and the lines that stand below.
pub fn head_and_lines(error: &anyhow::Error) -> (String, Vec<String>) {
    let mut parts = Vec::new();
    let mut below = Vec::new();
    for cause in error.chain() {
        if let Some(hinted) = cause.downcast_ref::<Hinted>() {
            let (head, lines) = head_and_lines(&hinted.cause);
            parts.push(head);
            below.extend(lines);
        } else if let Some(listed) = cause.downcast_ref::<Listed>() {
            parts.push(listed.head.clone());
            below.extend(listed.lines.clone());
        } else {
            parts.push(cause.to_string());
        }
    }
    (parts.join(": "), below)
}

/// The same in one line.
pub fn in_a_line(error: &anyhow::Error) -> String {
    let (head, below) = head_and_lines(error);
    if below.is_empty() { head } else { format!("{head} {}", below.join("; ")) }
}

/// Adds a hint to what went wrong.
pub trait Hint<T> {
    /// Adds `hint` to the error, if there is one.
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T> {
        self.map_err(|error| Hinted { cause: error.into(), hint: hint() }.into())
    }
}

/// An error that is known from the start to have a way out.
pub fn hinted(message: impl fmt::Display, hint: impl Into<String>) -> anyhow::Error {
    Hinted { cause: anyhow::anyhow!("{message}"), hint: hint.into() }.into()
}

/// The hint of an error, wherever in its chain it was given.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    error.chain().find_map(|cause| cause.downcast_ref::<Hinted>()).map(Hinted::hint)
}
