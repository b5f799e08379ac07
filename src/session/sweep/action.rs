//! What a clean-up does, so that it can be told.

use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::log::central::{self, Level};

/// One thing that was done, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub session: SessionId,
    /// What was done.
    pub what: String,
    pub reason: String,
    /// Whether it worked.
    pub done: bool,
}

impl Action {
    /// What was done and why, in a line.
    pub fn text(&self) -> String {
        format!("{} ({})", self.what, self.reason)
    }

    /// Writes it to the central logs.
    pub fn report(&self, root: &Root) {
        let level = if self.done { Level::Info } else { Level::Error };
        central::report(&root.central(), level, (Some(&self.session), None), &self.text());
    }
}
