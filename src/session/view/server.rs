//! One server as `status` tells of it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::container::ContainerView;
use super::intruder;
use super::state::{self, FAILED, LOST, LastExit};
use crate::context;
use crate::disk::layout::SessionPaths;
use crate::disk::names::ServerName;
use crate::log;
use crate::server::history::{Sample, UsageHistory};
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::server::usage::Usage;
use crate::session::sweep;
use crate::supervisor::control;
use crate::sys::handle::ProcessHandle;
use crate::sys::wait::Exit;
use crate::sys::{Identity, Pid, process};

/// How much of what a failed server said last is shown, in lines.
const LAST_WORDS: usize = 10;

/// One server, or one process that a script named in a pid file of its own.
#[derive(Clone, Debug, Serialize)]
pub struct ServerView {
    /// Its name.
    pub name: ServerName,
    /// What it does.
    pub state: &'static str,
    /// Whether mcp-hook started it.
    pub managed: bool,
    /// How it was started.
    pub mode: Option<Mode>,
    /// Its first process, while it lives.
    pub pid: Option<i32>,
    /// Its supervisor, while it lives.
    pub supervisor_pid: Option<i32>,
    /// Its keeper, while it lives; looked at by [`ServerView::complete`].
    pub keeper_pid: Option<i32>,
    /// The keeper that its record names.
    #[serde(skip)]
    pub keeper: Option<Identity>,
    /// The port that it has.
    pub port: Option<u16>,
    /// Where clients reach it, if its definition says so.
    pub url: Option<String>,
    /// How that is shown to people, if not as it is.
    #[serde(skip)]
    pub shown_url: Option<String>,
    /// Where it was seen to listen, as clients on this machine reach it.
    pub address: Option<IpAddr>,
    /// Whether it was found to listen on more than the loopback interface.
    pub public: bool,
    /// Its container, if it is one.
    pub container: Option<ContainerView>,
    /// How long its first process has lived, in seconds.
    pub uptime_seconds: Option<f64>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended last.
    pub last_exit: Option<LastExit>,
    /// When it will be started again, in milliseconds since the epoch.
    pub next_attempt: Option<u64>,
    /// Processor time of the tree, in seconds.
    pub cpu_seconds: f64,
    /// The same as a share of one processor over the server's life, in percent.
    pub cpu_percent: f64,
    /// The share since its supervisor looked last, about a minute ago; that over its life where it has not yet.
    pub cpu_percent_now: f64,
    /// Resident memory of the tree, in bytes; shared pages count for each process.
    pub memory_bytes: u64,
    /// The same with shared pages divided among those who share them, and with swapped ones; looked at by
    /// [`ServerView::measure`], not set where that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_proportional_bytes: Option<u64>,
    /// The most that was seen since it was started last.
    pub memory_peak_bytes: Option<u64>,
    /// How the memory grows, in bytes per hour, once there are samples enough.
    pub memory_trend_bytes_per_hour: Option<f64>,
    /// The memory above which it is started again, in bytes.
    pub memory_limit_bytes: Option<u64>,
    /// How many processes the tree has.
    pub processes: usize,
    /// How many threads.
    pub threads: u64,
    /// How many open files; one that several processes have open counts for each.
    pub open_files: u64,
    /// Which processes.
    pub pids: Vec<i32>,
    /// How its first process ended.
    pub exit: Option<Exit>,
    /// Why it is not running, or not watched, in words.
    pub reason: Option<String>,
    /// What should not be, in words, though it runs.
    pub warnings: Vec<String>,
    /// What it said last on its standard error, if it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub last_words: Vec<String>,
    /// Its log.
    pub log: Option<PathBuf>,
    /// The file that it is defined in.
    pub source: Option<PathBuf>,
    /// What was started.
    pub command: Option<Vec<String>>,
    /// Its numbers over time.
    #[serde(skip)]
    pub history: UsageHistory,
}

impl ServerView {
    pub(super) fn of_all(paths: &SessionPaths) -> Vec<Self> {
        let view = |(name, server)| match server {
            Ok(server) => Self::of(paths, server),
            Err(error) => Self::unreadable(name, &error),
        };
        sweep::servers(paths).into_iter().map(view).collect()
    }

    /// Looks at a server.
    pub(super) fn of(paths: &SessionPaths, record: ServerRecord) -> Self {
        let files = paths.server(&record.name);
        let watchers = record.watchers.filter(|_| record.is_of_this_host());
        let supervisor = watchers.and_then(|both| ProcessHandle::reopen(&both.supervisor));
        let is_watched = || supervisor.is_some() || watchers.is_some_and(|both| lives(&both.keeper));
        let is_answered_for = record.state.is_final() || is_watched() || control::is_held(&files, &record);
        let mut view =
            Self::blank(record.name.clone(), if is_answered_for { state::name(&record.state) } else { LOST });
        view.reason = if is_answered_for { state::reason(&record) } else { Some("nobody answers for it".to_owned()) };
        view.supervisor_pid = supervisor.as_ref().map(|it| it.pid().as_raw());
        let is_stopped = |it: &ProcessHandle| process::read(it.pid()).is_some_and(|it| it.stopped);
        if let Some(stopped) = supervisor.as_ref().filter(|it| is_stopped(it)) {
            view.warnings.push(format!("its supervisor (pid {}) is stopped: nobody watches over it", stopped.pid()));
        }
        view.keeper = watchers.map(|both| both.keeper);
        if view.state == FAILED {
            let words = log::last_words(&files.log, LAST_WORDS, over_at(&record)).unwrap_or_default();
            view.last_words = words.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        }
        view.log = Some(files.log.path());
        let has_ended = matches!(record.state, ServerState::Ended(_));
        view.add_record(record);
        if let Some(supervisor) = supervisor.filter(|_| !has_ended) {
            view.add_usage(Usage::below(supervisor.pid()));
            view.warnings.extend(view.port.and_then(|port| intruder::on(port, &view.pids)));
        }
        view
    }

    /// Looks at what only a closer look at the server tells.
    pub fn complete(&mut self) {
        self.keeper_pid = self.keeper.filter(lives).map(|keeper| keeper.pid);
    }

    /// Measures what takes the kernel long to count.
    pub fn measure(&mut self) {
        let lives = self.processes > 0;
        self.memory_proportional_bytes = lives.then(|| Usage::proportional(&self.pids)).flatten();
    }

    /// What the record says, whoever lives.
    fn add_record(&mut self, record: ServerRecord) {
        self.mode = Some(record.mode);
        self.restarts = record.restarts;
        self.command = Some(record.command.words().into_iter().map(str::to_owned).collect());
        self.source = record.source;
        self.container = record.container.as_ref().and_then(|it| ContainerView::of(it, record.state.is_final()));
        self.memory_limit_bytes = record.settings.memory;
        if let Some(port) = record.port {
            self.url = port.defined_url();
            self.shown_url = port.shown;
            (self.port, self.address, self.public) = (Some(port.number), port.address, port.public);
        }
        if self.supervisor_pid.is_some() && !matches!(record.state, ServerState::Ended(_)) {
            self.pid = record.state.server().map(|server| server.pid);
            self.uptime_seconds = record.state.server().map(|server| seconds_since(server.start));
        }
        if let ServerState::Waiting { until, .. } = record.state {
            self.next_attempt = Some(until);
        }
        self.last_exit = match &record.state {
            ServerState::Ended(end) | ServerState::Waiting { end, .. } => Some(LastExit::of(end)),
            _ => record.last_end.as_ref().map(LastExit::of),
        };
        if let ServerState::Ended(end) = record.state {
            self.exit = end.exit;
        }
        self.memory_peak_bytes = Some(record.history.peak).filter(|&peak| peak > 0);
        self.history = record.history;
    }

    /// A process that a script named in a pid file of its own.
    pub(super) fn unmanaged(name: ServerName, stray: &ProcessHandle) -> Self {
        let mut view = Self::blank(name, "unmanaged");
        view.managed = false;
        view.pid = Some(stray.pid().as_raw());
        view.uptime_seconds = Some(seconds_since(stray.identity().start));
        view.command = Some(command(stray.pid()));
        view.add_usage(Usage::of(stray.pid()));
        view
    }

    /// A server whose record is not one.
    pub(super) fn unreadable(name: ServerName, error: &anyhow::Error) -> Self {
        let mut view = Self::blank(name, "unreadable");
        view.reason = Some(format!("{error:#}"));
        view
    }

    /// A server of which nothing is known but this.
    pub fn blank(name: ServerName, state: &'static str) -> Self {
        Self {
            name,
            state,
            managed: true,
            mode: None,
            pid: None,
            supervisor_pid: None,
            keeper_pid: None,
            keeper: None,
            port: None,
            url: None,
            shown_url: None,
            address: None,
            public: false,
            container: None,
            uptime_seconds: None,
            restarts: 0,
            last_exit: None,
            next_attempt: None,
            cpu_seconds: 0.0,
            cpu_percent: 0.0,
            cpu_percent_now: 0.0,
            memory_bytes: 0,
            memory_proportional_bytes: None,
            memory_peak_bytes: None,
            memory_trend_bytes_per_hour: None,
            memory_limit_bytes: None,
            processes: 0,
            threads: 0,
            open_files: 0,
            pids: Vec::new(),
            exit: None,
            reason: None,
            warnings: Vec::new(),
            last_words: Vec::new(),
            log: None,
            source: None,
            command: None,
            history: UsageHistory::default(),
        }
    }

    fn add_usage(&mut self, usage: Usage) {
        self.cpu_seconds = usage.cpu.as_secs_f64();
        let lived = self.uptime_seconds.filter(|&lived| lived > 0.0);
        self.cpu_percent = lived.map_or(0.0, |lived| tenths(self.cpu_seconds / lived * 100.0));
        self.memory_bytes = usage.memory;
        self.processes = usage.pids.len();
        self.threads = usage.threads;
        self.open_files = usage.open_files();
        self.pids = usage.pids;
        if self.processes > 0 {
            let cpu_ms = u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX);
            self.add_sample(Sample { at: context::wall_millis(), memory: usage.memory, cpu_ms });
        }
    }

    /// What is seen now counts as a sample.
    fn add_sample(&mut self, now: Sample) {
        self.cpu_percent_now = self.history.share(&now).map_or(self.cpu_percent, tenths);
        self.history.push(now);
        if self.managed {
            self.memory_peak_bytes = Some(self.history.peak);
            self.memory_trend_bytes_per_hour = self.history.trend().map(f64::round);
        }
    }

    /// Whether nobody answers for it any more.
    pub fn is_lost(&self) -> bool {
        self.state == LOST
    }

    /// Whether the server lives.
    pub fn is_running(&self) -> bool {
        matches!(self.state, "starting" | "running" | "stopping" | "unmanaged" | "unkillable" | "unknown")
    }
}

/// When the life was over that a record of a failure tells of.
fn over_at(record: &ServerRecord) -> SystemTime {
    let end = match &record.state {
        ServerState::Ended(end) | ServerState::Waiting { end, .. } => Some(end),
        _ => record.last_end.as_ref(),
    };
    end.map_or_else(context::wall_clock, |end| SystemTime::UNIX_EPOCH + Duration::from_millis(end.at))
}

fn lives(watcher: &Identity) -> bool {
    ProcessHandle::reopen(watcher).is_some()
}

fn tenths(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}

fn seconds_since(start: u64) -> f64 {
    let lived = context::uptime().saturating_sub(process::since_boot(start));
    (lived.as_secs_f64() * 1000.0).round() / 1000.0
}

fn command(pid: Pid) -> Vec<String> {
    let arguments = process::arguments(pid);
    let text = String::from_utf8_lossy(&arguments);
    text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}
