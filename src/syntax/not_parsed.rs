//! Texts that are not what they should be.

use std::fmt;

/// Why a text is not what its client reads, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotParsed {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    pub what: String,
}

impl fmt::Display for NotParsed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}
