//! Why a server was not started, or was started and is not going to be ready.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::container::Container;
use crate::context;
use crate::disk::file_at::FileAt;
use crate::disk::layout::ServerPaths;
use crate::log;
use crate::mcp::check::finding::Finding;
use crate::mcp::check::words::{self, Exited};
use crate::server::end::{End, Reason};
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
    #[error("{cause}")]
    Untried { cause: String, hint: Option<String> },
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
        if let Some(untried) = record.and_then(|record| untried(&record.state)) {
            return untried;
        }
        let last_lines = log::last_words(&paths.log, LAST_LINES, over_at(record)).unwrap_or_default();
        let last_lines: Vec<_> = last_lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let finding = record.and_then(end).and_then(|end| finding(end, &last_lines));
        Self::NotReady(Box::new(NotReady {
            cause: record.map_or_else(|| "its record was removed".to_owned(), |it| cause(it, finding.as_ref())),
            last_lines,
            finding,
            was_silent: record.is_some_and(|record| was_silent(record, paths)),
            can_be_asked: record.is_some_and(ServerRecord::can_be_asked),
            log: paths.log.clone(),
        }))
    }
}

/// That it could not even be tried. One that was given up may have ended with such a status, too.
fn untried(state: &ServerState) -> Option<Unstarted> {
    let ServerState::Failed { cause, code: 125..=127, given_up: false, finding } = state else { return None };
    let hint = finding.as_ref().and_then(|finding| finding.hint.clone());
    Some(Unstarted::Untried { cause: cause.clone(), hint })
}

/// The end of a server that has ended, whatever follows.
fn end(record: &ServerRecord) -> Option<&End> {
    match &record.state {
        ServerState::Ended(end) | ServerState::Waiting { end, .. } | ServerState::Idle { end, .. } => Some(end),
        _ => None,
    }
}

/// What is wrong with a server that ended by itself is at least that.
fn finding(end: &End, last_words: &[String]) -> Option<Finding> {
    let exit = end.exit.filter(|_| end.reason == Reason::Exited);
    let ended = |exit: Exit| words::ended_at_once(&Exited { exit: &exit.to_string(), last_words });
    end.finding.clone().or_else(|| exit.map(ended))
}

fn cause(record: &ServerRecord, finding: Option<&Finding>) -> String {
    match (&record.state, end(record), finding) {
        (ServerState::Failed { cause, .. }, ..) => cause.clone(),
        (_, Some(end), _) if end.reason == Reason::NotReady => end.explain(&record.settings).into_owned(),
        (_, Some(end), Some(finding)) if end.reason == Reason::Exited => finding.in_error(),
        (_, Some(end), _) => format!("it was ended at once because {}", end.reason.explain(&record.settings)),
        _ => "it was ended before it was ready".to_owned(),
    }
}

fn was_silent(record: &ServerRecord, paths: &ServerPaths) -> bool {
    let Some(end) = end(record) else { return false };
    let asked_to_end = time(end.at.saturating_sub(end.took));
    matches!(record.settings.ready.when, ReadyWhen::Log(_))
        && end.reason == Reason::NotReady
        && !log::has_printed(&paths.log, asked_to_end).unwrap_or(true)
}

/// When the life was over of which a record tells; now if it tells of none.
fn over_at(record: Option<&ServerRecord>) -> SystemTime {
    record.and_then(end).map_or_else(context::wall_clock, |end| time(end.at))
}

fn time(since_epoch_ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_was_given_up_was_tried_whatever_its_status() {
        for (given_up, code, is_untried) in
            [(false, 127, true), (false, 1, false), (true, 127, false), (true, 1, false)]
        {
            let state = ServerState::Failed { cause: String::new(), code, given_up, finding: None };
            assert_eq!(untried(&state).is_some(), is_untried, "{given_up} {code}");
        }
    }
}
