//! What `status` tells of sessions and servers, in the stable form of its `--json`.

use std::path::PathBuf;

use serde::Serialize;

use super::open::Session;
use super::record::SessionRecord;
use super::sweep;
use crate::context;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::record::{End, Mode, Reason, ServerRecord, State};
use crate::server::usage::Usage;
use crate::supervisor::request;
use crate::sys::handle::ProcessHandle;
use crate::sys::wait::Exit;
use crate::sys::{Pid, process};

/// All that `status --json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// The sessions, in order of their ids.
    pub sessions: Vec<SessionView>,
}

/// One session.
#[derive(Debug, Serialize)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// Whether it is the one that the command is in.
    pub current: bool,
    /// Its owner.
    pub owner: OwnerView,
    /// The path of its terminal.
    pub tty: Option<PathBuf>,
    /// What its owner is called.
    pub shell: String,
    /// When it was opened, in milliseconds since the epoch.
    pub created: u64,
    /// Its servers, in order of their names.
    pub servers: Vec<ServerView>,
}

/// The owner of a session.
#[derive(Debug, Serialize)]
pub struct OwnerView {
    /// Its number.
    pub pid: i32,
    /// Whether it lives.
    pub alive: bool,
}

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
    /// Its keeper, while it lives.
    pub keeper_pid: Option<i32>,
    /// How long its first process has lived, in seconds.
    pub uptime_seconds: Option<f64>,
    /// How often it was started again.
    pub restarts: u32,
    /// Processor time of the tree, in seconds.
    pub cpu_seconds: f64,
    /// The same as a share of one processor over the server's life, in percent.
    pub cpu_percent: f64,
    /// Resident memory of the tree, in bytes; shared pages count for each process.
    pub memory_bytes: u64,
    /// How many processes the tree has.
    pub processes: usize,
    /// Which.
    pub pids: Vec<i32>,
    /// How its first process ended.
    pub exit: Option<Exit>,
    /// Why it is not running, in words.
    pub reason: Option<String>,
    /// Its log.
    pub log: Option<PathBuf>,
    /// What was started.
    pub command: Option<Vec<String>>,
}

/// The state of a server for which nobody answers any more.
const LOST: &str = "lost";
/// The version of the format; raised when something in it changes its meaning.
const VERSION: u32 = 1;

/// The report on these sessions.
#[must_use]
pub fn report(sessions: Vec<SessionView>) -> Report {
    Report { version: VERSION, sessions }
}

impl SessionView {
    /// Looks at a session.
    #[must_use]
    pub fn of(root: &Root, record: &SessionRecord, alive: bool, current: bool) -> Self {
        let paths = root.session(&record.id);
        let mut servers = ServerView::of_all(&paths);
        if servers.iter().any(|server| server.state == LOST) {
            // Servers that lost both watchers are ended before anything is said of them.
            let _ = sweep::examine(root, record.id.clone()).sweep();
            servers = ServerView::of_all(&paths);
        }
        servers.extend(sweep::strays(&paths, record).iter().filter_map(|stray| {
            let name = if stray.name == "session" { "unmanaged" } else { &stray.name };
            Some(ServerView::unmanaged(name.parse().ok()?, &stray.process))
        }));
        Self {
            id: record.id.to_string(),
            current,
            owner: OwnerView { pid: record.owner.pid, alive },
            tty: record.tty.clone(),
            shell: record.shell.clone(),
            created: record.created,
            servers,
        }
    }

    /// Looks at a session that lives.
    #[must_use]
    pub fn of_live(root: &Root, session: &Session, current: bool) -> Self {
        Self::of(root, &session.record, !session.owner.has_exited(), current)
    }
}

impl ServerView {
    fn of_all(paths: &SessionPaths) -> Vec<Self> {
        let view = |(name, server)| match server {
            Ok(server) => Self::of(paths, &server),
            Err(error) => Self::unreadable(name, &error),
        };
        sweep::servers(paths).into_iter().map(view).collect()
    }

    /// Looks at a server.
    #[must_use]
    pub fn of(paths: &SessionPaths, record: &ServerRecord) -> Self {
        let files = paths.server(&record.name);
        let watchers = record.watchers.filter(|_| record.is_of_this_host());
        let supervisor = watchers.and_then(|both| ProcessHandle::reopen(&both.supervisor));
        let keeper = watchers.and_then(|both| ProcessHandle::reopen(&both.keeper));
        let is_watched = supervisor.is_some() || keeper.is_some();
        let is_answered_for = is_watched || record.state.is_final() || request::is_held(&files, record);
        let mut view = Self::blank(record.name.clone(), if is_answered_for { name(&record.state) } else { LOST });
        view.mode = Some(record.mode);
        view.restarts = record.restarts;
        view.log = Some(files.log);
        view.command = Some(record.command.words().into_iter().map(str::to_owned).collect());
        view.reason = if is_answered_for { reason(&record.state) } else { Some("nobody answers for it".to_owned()) };
        view.supervisor_pid = supervisor.as_ref().map(|it| it.pid().as_raw());
        view.keeper_pid = keeper.map(|it| it.pid().as_raw());
        if let State::Ended(end) = &record.state {
            view.exit = end.exit;
        } else if let Some(supervisor) = supervisor {
            view.pid = record.state.server().map(|server| server.pid);
            view.uptime_seconds = record.state.server().map(|server| seconds_since(server.start));
            view.add_usage(Usage::below(supervisor.pid()));
        }
        view
    }

    /// A process that a script named in a pid file of its own.
    fn unmanaged(name: ServerName, stray: &ProcessHandle) -> Self {
        let mut view = Self::blank(name, "unmanaged");
        view.managed = false;
        view.pid = Some(stray.pid().as_raw());
        view.uptime_seconds = Some(seconds_since(stray.identity().start));
        view.command = Some(command(stray.pid()));
        view.add_usage(Usage::of(stray.pid()));
        view
    }

    /// A server whose record is not one.
    fn unreadable(name: ServerName, error: &anyhow::Error) -> Self {
        let mut view = Self::blank(name, "unreadable");
        view.reason = Some(format!("{error:#}"));
        view
    }

    fn blank(name: ServerName, state: &'static str) -> Self {
        Self {
            name,
            state,
            managed: true,
            mode: None,
            pid: None,
            supervisor_pid: None,
            keeper_pid: None,
            uptime_seconds: None,
            restarts: 0,
            cpu_seconds: 0.0,
            cpu_percent: 0.0,
            memory_bytes: 0,
            processes: 0,
            pids: Vec::new(),
            exit: None,
            reason: None,
            log: None,
            command: None,
        }
    }

    fn add_usage(&mut self, usage: Usage) {
        self.cpu_seconds = usage.cpu.as_secs_f64();
        let lived = self.uptime_seconds.filter(|&lived| lived > 0.0);
        self.cpu_percent = lived.map_or(0.0, |lived| (self.cpu_seconds / lived * 1000.0).round() / 10.0);
        self.memory_bytes = usage.memory;
        self.processes = usage.pids.len();
        self.pids = usage.pids;
    }

    /// Whether nobody answers for it any more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.state == "lost"
    }

    /// Whether the server lives.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, "starting" | "running" | "stopping" | "unmanaged" | "unkillable")
    }
}

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

fn reason(state: &State) -> Option<String> {
    match state {
        State::Starting | State::Running { .. } => None,
        State::Stopping { reason, .. }
        | State::Ended(End { reason, .. })
        | State::Waiting { end: End { reason, .. }, .. } => Some(reason.text().to_owned()),
        State::Unkillable { pids, reason } => Some(format!("not even SIGKILL ends {pids:?}; {}", reason.text())),
        State::Failed { cause, .. } => Some(cause.clone()),
    }
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
