//! Why a server was not started, or was started and is not going to be ready.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::container::Container;
use crate::context;
use crate::disk::file_at::FileAt;
use crate::disk::layout::ServerPaths;
use crate::log;
use crate::mcp::check::finding::Finding;
use crate::server::end::Reason;
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::server::settings::ReadyWhen;
use crate::server::unkillable;
use crate::sys::Pid;
use crate::sys::wait::Exit;

/// How many of a failed server's last lines are taken from its log.
const LAST_LINES: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum Unstarted {
    #[error("no command was given, and it is not defined")]
    Undefined {
        /// Whether a server of this name has ended here, whose command is known therefore.
        is_known: bool,
    },
    #[error("{} does not define it any more", .0.display())]
    NoLongerDefined(PathBuf),
    #[error(transparent)]
    Taken(NameTaken),
    /// It was started; nobody knows how it goes on.
    #[error("another process keeps its supervisor (pid {0}) stopped")]
    Stalled(Pid),
    /// It could not even be tried. Says of which server.
    #[error("{0}")]
    Untried(String),
    #[error("{}", .0.cause)]
    NotReady(Box<NotReady>),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// Why a name cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NameTaken {
    #[error("it is running already")]
    Running,
    #[error("it is running already, for {0}")]
    OfClient(String),
    #[error("it is starting already")]
    Starting,
    #[error("it is just ending")]
    Ending,
    #[error("it failed and is about to be started again")]
    Waiting,
    #[error("it has ended and is started again when it is wanted")]
    Idle,
    #[error("something is left of it: {}", unkillable::describe(.pids, .refused))]
    Unkillable { pids: Vec<i32>, refused: Vec<i32> },
    #[error("{why}")]
    Container { why: String, remedy: String },
}

/// A server that ended before it was ready.
#[derive(Debug)]
pub struct NotReady {
    pub cause: String,
    /// What it printed last.
    pub last_lines: Vec<String>,
    /// What was found wrong with it, if that is known.
    pub finding: Option<Finding>,
    /// Whether a line was waited for in vain, and nothing at all was printed meanwhile.
    pub was_silent: bool,
    /// Whether `check --connect` can speak to it under its name.
    pub can_be_asked: bool,
    pub log: FileAt,
}

impl NameTaken {
    /// By the record of the server that has the name.
    pub fn by(record: Option<ServerRecord>) -> Self {
        let Some(ServerRecord { state, container, mode, client, .. }) = record else { return Self::Running };
        if let Some(container) = container.filter(Container::is_left) {
            return Self::Container { why: container.complaint(), remedy: container.remedy() };
        }
        match state {
            ServerState::Starting | ServerState::Running { .. } if mode == Mode::Run => Self::OfClient(
                client.map_or_else(|| "a client".to_owned(), |client| format!("{} (pid {})", client.name, client.pid)),
            ),
            ServerState::Waiting { .. } => Self::Waiting,
            ServerState::Idle { .. } => Self::Idle,
            ServerState::Unkillable { pids, refused, .. } => Self::Unkillable { pids, refused },
            ServerState::Starting | ServerState::Running { ready: false, .. } => Self::Starting,
            ServerState::Stopping { .. } => Self::Ending,
            _ => Self::Running,
        }
    }
}

impl Unstarted {
    /// By the record of a server that is not going to be ready.
    pub fn not_ready(paths: &ServerPaths, record: Option<&ServerRecord>) -> Self {
        let cause = match record {
            Some(ServerRecord { state: ServerState::Failed { cause, code: 125..=127 }, .. }) => {
                return Self::Untried(cause.clone());
            }
            Some(record) => cause(record),
            None => "its record was removed".to_owned(),
        };
        let last_lines = log::last_words(&paths.log, LAST_LINES, over_at(record)).unwrap_or_default();
        Self::NotReady(Box::new(NotReady {
            cause,
            last_lines: last_lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect(),
            finding: record.and_then(finding),
            was_silent: record.is_some_and(|record| was_silent(record, paths)),
            can_be_asked: record.is_some_and(ServerRecord::can_be_asked),
            log: paths.log.clone(),
        }))
    }
}

fn cause(record: &ServerRecord) -> String {
    match &record.state {
        ServerState::Failed { cause, .. } => cause.clone(),
        ServerState::Ended(end) | ServerState::Waiting { end, .. } | ServerState::Idle { end, .. } => {
            match (end.reason, end.exit) {
                (Reason::NotReady, _) => end.explain(&record.settings).into_owned(),
                (Reason::Exited, Some(Exit::Code(code))) => format!("it ended at once with exit status {code}"),
                (Reason::Exited, Some(Exit::Signal(number))) => format!("it was ended at once by signal {number}"),
                (reason, _) => format!("it was ended at once because {}", reason.explain(&record.settings)),
            }
        }
        _ => "it was ended before it was ready".to_owned(),
    }
}

fn finding(record: &ServerRecord) -> Option<Finding> {
    match &record.state {
        ServerState::Ended(end) | ServerState::Waiting { end, .. } | ServerState::Idle { end, .. } => {
            end.finding.clone()
        }
        _ => None,
    }
}

fn was_silent(record: &ServerRecord, paths: &ServerPaths) -> bool {
    let (ServerState::Ended(end) | ServerState::Waiting { end, .. } | ServerState::Idle { end, .. }) = &record.state
    else {
        return false;
    };
    let asked_to_end = time(end.at.saturating_sub(end.took));
    matches!(record.settings.ready.when, ReadyWhen::Log(_))
        && end.reason == Reason::NotReady
        && !log::has_printed(&paths.log, asked_to_end).unwrap_or(true)
}

/// When the life was over of which a record tells; now if it tells of none.
fn over_at(record: Option<&ServerRecord>) -> SystemTime {
    match record.map(|record| &record.state) {
        Some(ServerState::Ended(end) | ServerState::Waiting { end, .. } | ServerState::Idle { end, .. }) => {
            time(end.at)
        }
        _ => context::wall_clock(),
    }
}

fn time(since_epoch_ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch_ms)
}
