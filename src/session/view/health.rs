//! Whether a server answers, as `status` tells of it.

use serde::Serialize;

use crate::disk::names::ServerName;
use crate::mcp::check::finding::Code;
use crate::server::health::HealthState;
use crate::server::record::{ServerRecord, ServerState};

/// What came of asking a server that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealthView {
    pub state: HealthState,
    /// When it came to be so, in milliseconds since the epoch; null if it was not asked yet.
    pub since: Option<u64>,
    /// Failures in a row.
    pub failures: u32,
    pub code: Option<Code>,
    pub message: Option<String>,
    /// What is wrong, in words.
    #[serde(skip)]
    pub complaint: Option<String>,
    /// Whether it can be spoken to by its name.
    #[serde(skip)]
    pub is_defined: bool,
}

impl HealthView {
    /// `None` for a server that is not asked or does not run.
    pub(super) fn of(record: &ServerRecord) -> Option<Self> {
        let ServerState::Running { ready: true, .. } = record.state else { return None };
        let (health, check) = (record.health.as_ref()?, record.settings.health?);
        Some(Self {
            state: health.state,
            since: Some(health.since).filter(|&since| since > 0),
            failures: health.failures,
            code: health.finding.as_ref().map(|it| it.code),
            message: health.finding.as_ref().map(|it| it.message.clone()),
            complaint: health.complaint(check.failures),
            is_defined: record.source.is_some(),
        })
    }

    /// What people should know of it.
    pub(super) fn warning(&self, name: &ServerName) -> Option<String> {
        let complaint = self.complaint.as_ref()?;
        let hint = if self.is_defined { format!("; mcp-hook check --connect {name}") } else { String::new() };
        Some(format!("it is not healthy: {complaint}{hint}"))
    }
}
