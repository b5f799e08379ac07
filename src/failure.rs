//! Errors as users read them: `could not VERB THING: CAUSE`, and a hint where there is a way out.

use std::fmt;

/// An error with the way out of it.
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
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// Adds a hint to what went wrong.
pub trait Hint<T> {
    /// Adds `hint` to the error, if there is one.
    ///
    /// # Errors
    /// The same error, hinted.
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl FnOnce() -> String) -> anyhow::Result<T> {
        self.map_err(|error| Hinted { cause: error.into(), hint: hint() }.into())
    }
}

/// An error that is known from the start to have a way out.
#[must_use]
pub fn hinted(message: impl fmt::Display, hint: impl Into<String>) -> anyhow::Error {
    Hinted { cause: anyhow::anyhow!("{message}"), hint: hint.into() }.into()
}

/// The hint of an error, wherever in its chain it was given.
#[must_use]
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    error.chain().find_map(|cause| cause.downcast_ref::<Hinted>()).map(Hinted::hint)
}
