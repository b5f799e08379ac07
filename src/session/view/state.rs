//! The words for what a server does.

use crate::server::record::{End, Reason, State};

/// The state of a server for which nobody answers any more.
pub const LOST: &str = "lost";

/// The word for a state.
#[must_use]
pub fn name(state: &State) -> &'static str {
    match state {
        State::Starting | State::Running { ready: false, .. } => "starting",
        State::Running { .. } => "running",
        State::Stopping { .. } => "stopping",
        State::Waiting { .. } => "waiting",
        State::Unkillable { .. } => "unkillable",
        State::Failed { .. } => "failed",
        State::Ended(End { reason: Reason::Exited, early: true, .. }) => "failed",
        State::Ended(End { reason: Reason::Exited, .. }) => "exited",
        State::Ended(_) => "stopped",
    }
}

/// Why a server does not run, in words; `None` if it does.
#[must_use]
pub fn reason(state: &State) -> Option<String> {
    match state {
        State::Starting | State::Running { .. } => None,
        State::Stopping { reason, .. }
        | State::Ended(End { reason, .. })
        | State::Waiting { end: End { reason, .. }, .. } => Some(reason.text().to_owned()),
        State::Unkillable { pids, reason } => Some(format!("not even SIGKILL ends {pids:?}; {}", reason.text())),
        State::Failed { cause, .. } => Some(cause.clone()),
    }
}
