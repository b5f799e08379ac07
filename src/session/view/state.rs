//! The words for what a server does, and how it ended.

use serde::Serialize;

use crate::server::end::{End, Reason};
use crate::server::record::{ServerRecord, ServerState};
use crate::server::unkillable;
use crate::sys::wait::Exit;

/// The state of a server for which nobody answers any more.
pub const LOST: &str = "lost";

/// The state of a server that did not become ready, or ended as it should not and is not started again.
pub const FAILED: &str = "failed";

/// The word for a state.
pub fn name(state: &ServerState) -> &'static str {
    match state {
        ServerState::Starting | ServerState::Running { ready: false, .. } => "starting",
        ServerState::Running { .. } => "running",
        ServerState::Stopping { .. } => "stopping",
        ServerState::Waiting { .. } => "waiting",
        ServerState::Unkillable { .. } => "unkillable",
        ServerState::Unknown => "unknown",
        ServerState::Failed { .. } => FAILED,
        ServerState::Ended(End { reason: Reason::Exited, early: true, .. }) => FAILED,
        ServerState::Ended(End { reason: Reason::NotReady | Reason::OverMemory, .. }) => FAILED,
        ServerState::Ended(End { reason: Reason::Exited, .. }) => "exited",
        ServerState::Ended(_) => "stopped",
    }
}

/// Why a server does not run, in words; `None` if it does.
pub fn reason(record: &ServerRecord) -> Option<String> {
    let text = |reason: &Reason| reason.explain(&record.settings).into_owned();
    match &record.state {
        ServerState::Starting | ServerState::Running { .. } => None,
        ServerState::Stopping { reason, .. }
        | ServerState::Ended(End { reason, .. })
        | ServerState::Waiting { end: End { reason, .. }, .. } => Some(text(reason)),
        ServerState::Unkillable { pids, refused, reason } => {
            Some(format!("{}; {}", unkillable::describe(pids, refused), text(reason)))
        }
        ServerState::Unknown => Some("its record is of another version".to_owned()),
        ServerState::Failed { cause, .. } => Some(cause.clone()),
    }
}

/// How a server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastExit {
    /// How its first process did, if somebody saw it.
    pub exit: Option<Exit>,
    /// Why.
    pub reason: Reason,
    /// When it was over, in milliseconds since the epoch.
    pub at: u64,
}

impl LastExit {
    /// What a record says of it.
    pub(super) fn of(end: &End) -> Self {
        Self { exit: end.exit, reason: end.reason, at: end.at }
    }
}
