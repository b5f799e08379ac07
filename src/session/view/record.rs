//! What a server's record says of it, whatever it does.

use std::path::PathBuf;

use super::container::ContainerView;
use super::health::HealthView;
use super::state::LastExit;
use super::traffic::TrafficView;
use super::usage::TreeView;
use crate::server::client::ClientProcess;
use crate::server::end::End;
use crate::server::endpoint::Endpoint;
use crate::server::launch::Launch;
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::sys::Identity;

/// What is known of a server that mcp-hook started, whatever it does.
#[derive(Clone, Debug)]
pub struct RecordView {
    pub mode: Mode,
    /// Who it is run for.
    pub client: Option<ClientProcess>,
    /// How it was started, if its command is one of a launcher.
    pub launch: Option<Launch>,
    /// What has passed between it and its client, if mcp-hook stands between them.
    pub traffic: Option<TrafficView>,
    /// Its supervisor, while it lives.
    pub supervisor_pid: Option<i32>,
    /// Its keeper, while it lives; looked at by [`super::ServerView::look_closer`].
    pub keeper_pid: Option<i32>,
    /// The keeper that the record names.
    pub keeper: Option<Identity>,
    pub endpoint: Option<Endpoint>,
    pub container: Option<ContainerView>,
    /// Whether it answers, if it runs and is asked every so often.
    pub health: Option<HealthView>,
    /// How often it was started again.
    pub restarts: u32,
    pub last_exit: Option<LastExit>,
    /// The most memory that was seen since it was started last, in bytes.
    pub memory_peak_bytes: Option<u64>,
    /// The memory above which it is started again, in bytes.
    pub memory_limit_bytes: Option<u64>,
    pub log: PathBuf,
    /// The file that it is defined in.
    pub source: Option<PathBuf>,
    pub command: Vec<String>,
}

impl RecordView {
    /// What the record says, whoever lives.
    pub(super) fn of(record: ServerRecord, peak: u64, log: PathBuf) -> Self {
        let is_over = record.state.is_final();
        Self {
            health: HealthView::of(&record),
            last_exit: last_end(&record).map(LastExit::of),
            mode: record.mode,
            client: record.client,
            launch: record.launch,
            traffic: record.traffic.as_ref().map(|traffic| TrafficView::of(traffic, is_over)),
            supervisor_pid: None,
            keeper_pid: None,
            keeper: None,
            endpoint: record.port,
            container: record.container.as_ref().and_then(|it| ContainerView::of(it, is_over)),
            restarts: record.restarts,
            memory_peak_bytes: Some(peak).filter(|&peak| peak > 0),
            memory_limit_bytes: record.settings.memory,
            log,
            source: record.source,
            command: record.command.words().into_iter().map(str::to_owned).collect(),
        }
    }

    /// What its tree uses now may be the most that was seen.
    pub(super) fn add_peak(&mut self, tree: Option<&TreeView>) {
        if let Some(tree) = tree {
            self.memory_peak_bytes = Some(tree.history.peak);
        }
    }

    #[cfg(test)]
    pub fn blank() -> Self {
        Self {
            mode: Mode::Start,
            client: None,
            launch: None,
            traffic: None,
            supervisor_pid: None,
            keeper_pid: None,
            keeper: None,
            endpoint: None,
            container: None,
            health: None,
            restarts: 0,
            last_exit: None,
            memory_peak_bytes: None,
            memory_limit_bytes: None,
            log: PathBuf::new(),
            source: None,
            command: Vec::new(),
        }
    }
}

/// How a server ended last.
pub(super) fn last_end(record: &ServerRecord) -> Option<&End> {
    match &record.state {
        ServerState::Ended(end) | ServerState::Waiting { end, .. } => Some(end),
        _ => record.last_end.as_ref(),
    }
}
