//! The lines of a log: what a server printed, or what happened in all sessions.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::disk::file_at::FileAt;
use crate::disk::layout::Root;
use crate::disk::names::{ServerName, SessionId};
use crate::failure::hinted;
use crate::log::central::{CentralEntry, Level};
use crate::log::{Line, LogReader, Pick, Stream};
use crate::session::find;
use crate::sys::follow::Follower;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Poller;
use crate::sys::stat::FileId;

/// After this time a directory is looked for that was removed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Lines of several writers stand in the order of writing; by so much may their times differ from it.
const DISORDER: Duration = Duration::from_secs(10);

/// Which lines are wanted.
pub struct Query {
    /// Whose lines; without a server, those of the central log.
    pub server: Option<ServerName>,
    pub session: Option<SessionId>,
    pub since: Option<SystemTime>,
    /// Only what a server printed on standard error, and failures; of the central log, warnings and errors.
    pub errors: bool,
}

/// A log, and which of its lines are wanted.
pub struct Selection {
    source: Source,
    file: FileAt,
    since: Option<SystemTime>,
    errors: bool,
}

enum Source {
    /// The log of all sessions, or what is in it of one.
    Central(Option<SessionId>),
    Server(SessionId, ServerName),
}

/// A log that is read.
pub struct OpenLog {
    selection: Selection,
    reader: LogReader,
}

/// A line as data.
#[derive(Default, Serialize)]
pub struct LogEntry {
    version: u32,
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<Stream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    session: Option<SessionId>,
    server: Option<ServerName>,
    text: String,
}

impl LogEntry {
    /// What stands in a server's line: when it came, from where, and the text.
    pub fn into_line(self) -> (Option<String>, Option<Stream>, String) {
        (self.time, self.stream, self.text)
    }
}

impl Selection {
    pub fn find(root: Root, query: Query) -> Result<Self> {
        let Query { server, session, since, errors } = query;
        let (file, source) = match server {
            None => {
                let root = find::glance(&root).map_or(root, |(root, _)| root);
                let central = root.central();
                (if errors { central.errors } else { central.main }, Source::Central(session))
            }
            Some(name) => {
                let (root, session) = session_of_log(root, session)?;
                (server_log(&root, &session, &name)?, Source::Server(session, name))
            }
        };
        Ok(Self { source, file, since, errors })
    }

    /// Notices changes from now on. To be called before the log is opened, so that nothing falls between.
    pub fn changes(&self) -> Result<Changes> {
        Changes::of(self.file.directory.path())
    }

    pub fn open(self) -> Result<OpenLog> {
        let reader = LogReader::open(&self.file).with_context(|| format!("could not read {}", self.file))?;
        Ok(OpenLog { selection: self, reader })
    }

    fn pick(&self, line: &[u8]) -> Pick {
        let (time, is_wanted) = match &self.source {
            Source::Central(session) => {
                let entry: Option<CentralEntry> = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
                let is_wanted = session.is_none() || entry.as_ref().is_some_and(|entry| entry.session == *session);
                (entry.map(|entry| entry.time), is_wanted)
            }
            Source::Server(..) => {
                let line = Line::parse(line);
                (line.map(|line| line.time), !self.errors || line.is_some_and(|line| line.is_error()))
            }
        };
        match self.since {
            Some(since) if time.is_some_and(|time| time + DISORDER < since) => Pick::Stop,
            Some(since) if time.is_none_or(|time| time < since) => Pick::Skip,
            _ if is_wanted && !line.is_empty() => Pick::Take,
            _ => Pick::Skip,
        }
    }
}

/// The session whose log is meant; that of one that has ended is still there.
fn session_of_log(root: Root, named: Option<SessionId>) -> Result<(Root, SessionId)> {
    match named {
        Some(id) if root.session(&id).logs.is_there() => Ok((root, id)),
        named => find::find(&root, named.as_ref()).map(|(root, session)| (root, session.record.id)),
    }
}

fn server_log(root: &Root, session: &SessionId, name: &ServerName) -> Result<FileAt> {
    let log = root.session(session).server(name).log;
    if log.is_there() {
        return Ok(log);
    }
    let message = format!("could not find the log of {name}: {log} is not there");
    Err(hinted(message, "mcp-hook status shows the servers there are"))
}

impl OpenLog {
    /// The last lines, `count` at most.
    pub fn last(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let lines = self.reader.last(count, |line| self.selection.pick(line));
        lines.with_context(|| format!("could not read {}", self.selection.file))
    }

    /// What was added since it was opened, or since the last call.
    pub fn added(&mut self) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        self.reader.read_on(&mut |line| {
            if self.selection.pick(line) == Pick::Take {
                lines.push(line.to_vec());
            }
        });
        lines
    }

    pub fn entry(&self, line: &[u8]) -> LogEntry {
        let plain = String::from_utf8_lossy(line);
        let blank = LogEntry { version: 1, ..LogEntry::default() };
        match &self.selection.source {
            Source::Central(_) => {
                let Ok(entry) = plain.parse::<CentralEntry>() else { return LogEntry { text: plain.into(), ..blank } };
                let CentralEntry { time, level, session, server, text } = entry;
                LogEntry { time: Some(rfc3339(time)), level: Some(level), session, server, text, ..blank }
            }
            Source::Server(session, server) => {
                let Some(line) = Line::parse(line) else { return LogEntry { text: plain.into(), ..blank } };
                LogEntry {
                    time: Some(rfc3339(line.time)),
                    stream: Some(line.stream),
                    session: Some(session.clone()),
                    server: Some(server.clone()),
                    text: String::from_utf8_lossy(line.text).into_owned(),
                    ..blank
                }
            }
        }
    }
}

fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// Tells when a log may have grown, even if its directory is made anew.
pub struct Changes {
    directory: PathBuf,
    watched: Option<(Follower, FileId)>,
}

impl Changes {
    fn of(directory: &Path) -> Result<Self> {
        let directory = directory.to_owned();
        let follower = Follower::new(&directory).with_context(|| format!("could not watch {}", directory.display()))?;
        let watched = FileId::at(&directory).ok().map(|id| (follower, id));
        Ok(Self { directory, watched })
    }

    /// Waits until then, or until nobody reads on.
    pub fn wait(&mut self, reader: Option<&HangUp>) {
        let mut poller = Poller::new(Some(LOOK_AGAIN));
        if let Some((follower, _)) = &self.watched {
            poller.readable((), follower.as_poll_fd());
        }
        if let Some(reader) = reader {
            poller.hang_up((), reader);
        }
        poller.wait();
        if let Some((follower, _)) = &self.watched {
            follower.wait(Duration::ZERO);
        }
        let id = FileId::at(&self.directory).ok();
        if self.watched.as_ref().is_none_or(|(_, watched)| Some(*watched) != id) {
            self.watched = Follower::new(&self.directory).ok().zip(id);
        }
    }
}
