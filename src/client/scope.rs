//! Whose servers a client's file holds.

use serde::Serialize;

/// Whose servers a part of a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    User,
    Project,
    /// The user's own for the current project (Claude Code).
    Local,
}
