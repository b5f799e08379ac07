//! The words for what a server does, and how it ended.

use serde::Serialize;

use crate::server::record::{End, Reason, ServerRecord, State};
use crate::server::unended;
use crate::sys::wait::Exit;

/// The state of a server for which nobody answers any more.
pub const LOST: &str = "lost";

/// The state of a server that did not become ready, or ended as it should not and is not started again.
pub const FAILED: &str = "failed";

/// The word for a state.
pub fn name(state: &State) -> &'static str {
    match state {
        State::Starting | State::Running { ready: false, .. } => "starting",
        State::Running { .. } => "running",
        State::Stopping { .. } => "stopping",
        State::Waiting { .. } => "waiting",
        State::Unkillable { .. } => "unkillable",
        State::Unknown => "unknown",
        State::Failed { .. } => FAILED,
        State::Ended(End { reason: Reason::Exited, early: true, .. }) => FAILED,
        State::Ended(End { reason: Reason::NotReady | Reason::OverMemory, .. }) => FAILED,
        State::Ended(End { reason: Reason::Exited, .. }) => "exited",
        State::Ended(_) => "stopped",
    }
}

/// Why a server does not run, in words; `None` if it does.
pub fn reason(record: &ServerRecord) -> Option<String> {
    let text = |reason: &Reason| reason.explain(&record.settings).into_owned();
    match &record.state {
        State::Starting | State::Running { .. } => None,
        State::Stopping { reason, .. }
        | State::Ended(End { reason, .. })
        | State::Waiting { end: End { reason, .. }, .. } => Some(text(reason)),
        State::Unkillable { pids, refused, reason } => {
            Some(format!("{}; {}", unended::describe(pids, refused), text(reason)))
        }
        State::Unknown => Some("its record is of another version".to_owned()),
        State::Failed { cause, .. } => Some(cause.clone()),
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
