//! One server as `status` tells of it.

use std::time::{Duration, SystemTime};

use super::foreign_listener;
use super::health::HealthView;
use super::record::{RecordView, last_end};
use super::state::{LastExit, StateView};
use super::traffic::TrafficView;
use super::usage::TreeView;
use crate::context;
use crate::disk::file_at::FileAt;
use crate::disk::layout::SessionPaths;
use crate::disk::names::ServerName;
use crate::log;
use crate::server::endpoint::Endpoint;
use crate::server::history::UsageHistory;
use crate::server::record::{ServerRecord, ServerState};
use crate::server::secret_words;
use crate::server::usage::Usage;
use crate::session::{clients, servers};
use crate::supervisor::control;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Identity, Pid, process};

/// How much of what a failed server said last is shown, in lines.
const LAST_WORDS: usize = 10;

/// One server, or one process that a script named in a pid file of its own. As JSON it is flat: see `json`.
#[derive(Clone, Debug)]
pub struct ServerView {
    pub name: ServerName,
    pub state: StateView,
    /// Its first process, while it lives.
    pub process: Option<ProcessView>,
    /// What its processes use, while there are any.
    pub tree: Option<TreeView>,
    /// What its record says, if there is a readable one.
    pub record: Option<RecordView>,
    /// What should not be, in words, though it runs.
    pub warnings: Vec<String>,
}

/// The first process of a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessView {
    pub pid: i32,
    /// How long it has lived, in seconds.
    pub uptime_seconds: f64,
}

impl ServerView {
    /// A server of which nothing is known but this.
    pub fn new(name: ServerName, state: StateView) -> Self {
        Self { name, state, process: None, tree: None, record: None, warnings: Vec::new() }
    }

    pub(super) fn of_all(paths: &SessionPaths) -> Vec<Self> {
        let records = servers::read(paths);
        let readable = records.iter().filter_map(|(_, record)| record.as_ref().ok());
        let oddities = clients::oddities(readable, context::wall_millis());
        let mut views: Vec<Self> = records
            .into_iter()
            .map(|(name, record)| match record {
                Ok(record) => Self::of(paths, record),
                Err(error) => Self::unreadable(name, &error),
            })
            .collect();
        for view in views.iter_mut().filter(|view| !view.is_lost()) {
            let of_it = oddities.iter().filter(|oddity| oddity.server == view.name);
            view.warnings.extend(of_it.map(|oddity| format!("{}; {}", oddity.text, oddity.hint(None))));
        }
        views
    }

    /// Looks at a server.
    pub(super) fn of(paths: &SessionPaths, mut record: ServerRecord) -> Self {
        let files = paths.server(&record.name);
        let watchers = record.watchers.filter(|_| record.is_of_this_host());
        let supervisor = watchers.and_then(|both| ProcessHandle::reopen(&both.supervisor));
        let is_answered_for = record.state.is_final()
            || supervisor.is_some()
            || watchers.is_some_and(|both| control::lives(&both.keeper))
            || control::is_held(&files, &record);
        let mut state = if is_answered_for { StateView::of(&record) } else { StateView::lost(&record) };
        if let StateView::Failed { last_words, .. } = &mut state {
            *last_words = said_last(&files.log, &record);
        }
        let mut view = Self::new(record.name.clone(), state);
        if let Some(stopped) = supervisor.as_ref().filter(|it| it.was_stopped()) {
            view.warnings.push(format!("its supervisor (pid {}) is stopped: nobody watches over it", stopped.pid()));
        }
        let supervisor = supervisor.map(|it| it.pid());
        view.warnings.append(&mut record.differences);
        view.warnings.extend(HealthView::of(&record).and_then(|health| health.warning(&record.name)));
        let watcher = supervisor.filter(|_| !matches!(record.state, ServerState::Ended(_)));
        let first = record.state.server().filter(|_| watcher.is_some());
        let history = std::mem::take(&mut record.history);
        let mut known = RecordView::of(record, history.peak, files.log.path());
        known.supervisor_pid = supervisor.map(Pid::as_raw);
        known.keeper = watchers.map(|both| both.keeper);
        view.process = first.map(ProcessView::of);
        if let Some(supervisor) = watcher {
            view.add_tree(Usage::below(supervisor), history);
            known.add_peak(view.tree.as_ref());
            let port = known.endpoint.as_ref().map(|endpoint| endpoint.number);
            let pids = view.tree.as_ref().map_or(&[][..], |tree| &tree.pids);
            view.warnings.extend(port.and_then(|port| foreign_listener::on(port, pids)));
        }
        view.record = Some(known);
        view
    }

    /// A process that a script named in a pid file of its own.
    pub(super) fn unmanaged(name: ServerName, process: &ProcessHandle) -> Self {
        let mut view = Self::new(name, StateView::Unmanaged { command: command(process.pid()) });
        view.process = Some(ProcessView::of(process.identity()));
        view.add_tree(Usage::of(process.pid()), UsageHistory::default());
        view
    }

    /// A server whose record is not one.
    pub(super) fn unreadable(name: ServerName, error: &anyhow::Error) -> Self {
        Self::new(name, StateView::Unreadable { reason: format!("{error:#}") })
    }

    fn add_tree(&mut self, usage: Usage, history: UsageHistory) {
        self.tree = TreeView::of(usage, self.uptime_seconds(), history);
    }

    /// Looks at what is not worth its system calls where nobody is told: whether the keeper lives, how many files are open.
    pub fn look_closer(&mut self) {
        if let Some(record) = &mut self.record {
            record.keeper_pid = record.keeper.filter(control::lives).map(|keeper| keeper.pid);
        }
        if let Some(tree) = &mut self.tree {
            tree.open_files = Usage::open_files(&tree.pids);
        }
    }

    /// Measures what takes the kernel long to count.
    pub fn measure_proportional_memory(&mut self) {
        if let Some(tree) = &mut self.tree {
            tree.memory_proportional_bytes = Usage::proportional(&tree.pids);
        }
    }

    /// Whether mcp-hook started it.
    pub fn is_managed(&self) -> bool {
        !matches!(self.state, StateView::Unmanaged { .. })
    }

    /// Whether nobody answers for it any more.
    pub fn is_lost(&self) -> bool {
        matches!(self.state, StateView::Lost { .. })
    }

    pub fn uptime_seconds(&self) -> Option<f64> {
        self.process.map(|process| process.uptime_seconds)
    }

    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.record.as_ref()?.endpoint.as_ref()
    }

    pub fn restarts(&self) -> u32 {
        self.record.as_ref().map_or(0, |record| record.restarts)
    }

    pub fn last_exit(&self) -> Option<&LastExit> {
        self.record.as_ref()?.last_exit.as_ref()
    }

    /// What has passed between it and its client.
    pub fn traffic(&self) -> Option<&TrafficView> {
        self.record.as_ref()?.traffic.as_ref()
    }

    pub fn memory_peak_bytes(&self) -> Option<u64> {
        self.record.as_ref()?.memory_peak_bytes
    }

    /// What was started, without secrets.
    pub fn command(&self) -> Option<Vec<String>> {
        let words = match &self.state {
            StateView::Unmanaged { command } => command,
            _ => &self.record.as_ref()?.command,
        };
        Some(secret_words::shown(words))
    }
}

impl ProcessView {
    fn of(process: Identity) -> Self {
        let lived = context::uptime().saturating_sub(process::since_boot(process.start));
        Self { pid: process.pid, uptime_seconds: (lived.as_secs_f64() * 1000.0).round() / 1000.0 }
    }
}

/// What a failed server said last on its standard error.
fn said_last(log: &FileAt, record: &ServerRecord) -> Vec<String> {
    let over = last_end(record).map(|end| SystemTime::UNIX_EPOCH + Duration::from_millis(end.at));
    let lines = log::last_words(log, LAST_WORDS, over.unwrap_or_else(context::wall_clock)).unwrap_or_default();
    lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn command(pid: Pid) -> Vec<String> {
    let arguments = process::arguments(pid);
    let text = String::from_utf8_lossy(&arguments);
    text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}
