//! What a server does, and how it ended.

use std::fmt;

use serde::Serialize;

use crate::mcp::check::finding::Finding;
use crate::server::end::{End, Reason};
use crate::server::record::{ServerRecord, ServerState};
use crate::server::unkillable;
use crate::sys::wait::Exit;

/// What a server does, with what is known only then. Reasons are in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateView {
    Starting,
    Running,
    Stopping {
        reason: String,
    },
    /// It has ended and will be started again.
    Waiting {
        reason: String,
        /// When, in milliseconds since the epoch.
        until: u64,
    },
    /// It has ended; the next request of its client starts it again.
    Idle {
        reason: String,
    },
    /// Its tree should be gone, but is not.
    Unkillable {
        reason: String,
    },
    /// Somebody wanted it to end.
    Stopped {
        reason: String,
        exit: Option<Exit>,
    },
    Exited {
        reason: String,
        exit: Option<Exit>,
    },
    /// It did not become ready, or ended as it should not and is not started again.
    Failed {
        reason: String,
        exit: Option<Exit>,
        /// What it said last on its standard error, in lines.
        last_words: Vec<String>,
    },
    /// Nobody answers for it any more.
    Lost {
        /// When it was to be started again, in milliseconds since the epoch.
        until: Option<u64>,
    },
    /// Its record is of another version.
    Unknown,
    /// A script started it, and named it in a pid file of its own.
    Unmanaged {
        command: Vec<String>,
    },
    /// Its record is not one.
    Unreadable {
        reason: String,
    },
}

impl StateView {
    /// What the record of a server says for which somebody answers, or that is over. The last words are in its log.
    pub fn of(record: &ServerRecord) -> Self {
        let explain = |reason: Reason| reason.explain(&record.settings).into_owned();
        match &record.state {
            ServerState::Starting | ServerState::Running { ready: false, .. } => Self::Starting,
            ServerState::Running { .. } => Self::Running,
            ServerState::Stopping { reason, .. } => Self::Stopping { reason: explain(*reason) },
            ServerState::Waiting { end, until } => {
                Self::Waiting { reason: end.explain(&record.settings).into_owned(), until: *until }
            }
            ServerState::Idle { end, cause } if end.reason == Reason::Stopped => {
                Self::Stopped { reason: cause.clone().unwrap_or_else(|| explain(end.reason)), exit: end.exit }
            }
            ServerState::Idle { end, cause: None } => Self::Idle { reason: end.explain(&record.settings).into_owned() },
            ServerState::Idle { cause: Some(cause), .. } => {
                Self::Failed { reason: cause.clone(), exit: None, last_words: Vec::new() }
            }
            ServerState::Unkillable { pids, refused, reason } => {
                Self::Unkillable { reason: format!("{}; {}", unkillable::describe(pids, refused), explain(*reason)) }
            }
            ServerState::Ended(end) => Self::of_end(end, end.explain(&record.settings).into_owned()),
            ServerState::Failed { cause, .. } => {
                Self::Failed { reason: cause.clone(), exit: None, last_words: Vec::new() }
            }
            ServerState::Unknown => Self::Unknown,
        }
    }

    fn of_end(end: &End, reason: String) -> Self {
        let exit = end.exit;
        match end.reason {
            Reason::Exited if !end.early => Self::Exited { reason, exit },
            Reason::Exited | Reason::NotReady | Reason::OverMemory | Reason::Unhealthy => {
                Self::Failed { reason, exit, last_words: Vec::new() }
            }
            _ => Self::Stopped { reason, exit },
        }
    }

    /// The state of a server for which nobody answers any more, by its record.
    pub(super) fn lost(record: &ServerRecord) -> Self {
        match record.state {
            ServerState::Waiting { until, .. } => Self::Lost { until: Some(until) },
            _ => Self::Lost { until: None },
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping { .. } => "stopping",
            Self::Waiting { .. } => "waiting",
            Self::Idle { .. } => "idle",
            Self::Unkillable { .. } => "unkillable",
            Self::Stopped { .. } => "stopped",
            Self::Exited { .. } => "exited",
            Self::Failed { .. } => "failed",
            Self::Lost { .. } => "lost",
            Self::Unknown => "unknown",
            Self::Unmanaged { .. } => "unmanaged",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// Whether the server lives, as far as anybody knows.
    pub fn is_running(&self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping { .. } | Self::Unkillable { .. } => true,
            Self::Unknown | Self::Unmanaged { .. } => true,
            Self::Waiting { .. }
            | Self::Idle { .. }
            | Self::Stopped { .. }
            | Self::Exited { .. }
            | Self::Failed { .. } => false,
            Self::Lost { .. } | Self::Unreadable { .. } => false,
        }
    }

    /// Why it does not run, or is not watched.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::Running | Self::Unmanaged { .. } => None,
            Self::Lost { .. } => Some("nobody answers for it"),
            Self::Unknown => Some("its record is of another version"),
            Self::Stopping { reason }
            | Self::Waiting { reason, .. }
            | Self::Idle { reason }
            | Self::Unkillable { reason }
            | Self::Stopped { reason, .. }
            | Self::Exited { reason, .. }
            | Self::Failed { reason, .. }
            | Self::Unreadable { reason } => Some(reason),
        }
    }

    /// How its first process ended, if it is not to be started again.
    pub fn exit(&self) -> Option<Exit> {
        match self {
            Self::Stopped { exit, .. } | Self::Exited { exit, .. } | Self::Failed { exit, .. } => *exit,
            _ => None,
        }
    }

    /// When it is to be started again, in milliseconds since the epoch.
    pub fn next_attempt(&self) -> Option<u64> {
        match self {
            Self::Waiting { until, .. } => Some(*until),
            Self::Lost { until } => *until,
            _ => None,
        }
    }

    /// What it said last on its standard error, if it failed.
    pub fn last_words(&self) -> &[String] {
        if let Self::Failed { last_words, .. } = self { last_words } else { &[] }
    }
}

impl fmt::Display for StateView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for StateView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How a server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastExit {
    /// How its first process did, if somebody saw it.
    pub exit: Option<Exit>,
    /// Why.
    pub reason: Reason,
    /// The watched file that changed, if that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// What was found wrong with it, if that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// When it was over, in milliseconds since the epoch.
    pub at: u64,
}

impl LastExit {
    pub(super) fn of(end: &End) -> Self {
        let (changed, finding) = (end.changed.clone(), end.finding.clone());
        Self { exit: end.exit, reason: end.reason, changed, finding, at: end.at }
    }
}
