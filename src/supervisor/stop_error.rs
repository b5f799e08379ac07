//! Why a server could not be ended.

use crate::container::Container;
use crate::server::unkillable;
use crate::sys::host::Place;

/// Why a server could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error("{}", unkillable::describe(.pids, .refused))]
    Unkillable {
        pids: Vec<i32>,
        /// Those that may not be signalled.
        refused: Vec<i32>,
    },
    /// Somebody holds the lock, but the record does not prove who.
    #[error("somebody answers for it, but its record does not prove who")]
    Unproven,
    #[error("it belongs to {}", .0.name().unwrap_or("another place"))]
    Elsewhere(Place),
    #[error("{why}")]
    Container {
        /// What is there and why.
        why: String,
        /// What would end it, to be typed.
        remedy: String,
    },
    #[error("the processes of this machine cannot be looked at")]
    Unseen,
}

impl StopError {
    /// That a container could not be ended.
    pub fn of(container: &Container) -> Self {
        Self::Container { why: container.complaint(), remedy: container.remedy() }
    }
}
