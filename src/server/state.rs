//! What a server is doing, as its record says it.

use serde::{Deserialize, Serialize};

use super::end::{End, Reason};
use crate::mcp::check::finding::Finding;
use crate::sys::{Identity, Pid};
use crate::terminate::survivors::Survivors;

/// What a server is doing. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum ServerState {
    /// About to be started; there may or may not be a process yet.
    Starting,
    Running {
        /// The server's first process.
        server: Identity,
        since: u64,
        /// Whether it has lived long enough to count as started.
        ready: bool,
    },
    Stopping {
        /// The server's first process.
        server: Identity,
        reason: Reason,
    },
    /// The tree is gone, and the next one is about to be started.
    Waiting {
        end: End,
        /// When it will be started again, in milliseconds since the epoch.
        until: u64,
    },
    /// The tree is gone, and the supervisor keeps the connection of its client until the server is asked for again.
    Idle {
        end: End,
        /// Why the next request does not start it, if it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    Ended(End),
    /// The tree should be gone, but the kernel does not let these processes die, or us not kill them.
    Unkillable {
        pids: Vec<i32>,
        /// Those among them that may not be signalled by us.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<i32>,
        /// Why they should be gone.
        reason: Reason,
    },
    /// It could not be started at all, or failed so often that it is not started again.
    Failed {
        cause: String,
        /// What a shell would report: 127 for not found, 126 for not executable, 125 for another reason not to try; the
        /// last status of one that was given up.
        code: i32,
        /// Whether it was run, and given up: its cause does not say of which server.
        #[serde(default)]
        given_up: bool,
        /// What is wrong with it, if that was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding: Option<Finding>,
    },
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

impl ServerState {
    /// Whether nothing of the tree is left.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Failed { .. })
    }

    /// That these did not end.
    pub fn unkillable(survivors: &Survivors, reason: Reason) -> Self {
        let numbers = |pids: &[Pid]| pids.iter().map(|pid| pid.as_raw()).collect();
        Self::Unkillable { pids: numbers(&survivors.pids), refused: numbers(&survivors.refused), reason }
    }

    /// The server's first process, while it lives.
    pub fn server(&self) -> Option<Identity> {
        match self {
            Self::Running { server, .. } | Self::Stopping { server, .. } => Some(*server),
            _ => None,
        }
    }
}
