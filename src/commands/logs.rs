//! `logs`: what servers printed, and what happened.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Serialize;

use super::Run;
use crate::cli::{Logs, Since};
use crate::context;
use crate::disk::file_at::FileAt;
use crate::disk::layout::Root;
use crate::disk::names::{ServerName, SessionId};
use crate::failure::hinted;
use crate::log::central::CentralEntry;
use crate::log::{Line, LogReader, Pick};
use crate::session::find;
use crate::sys::fd;
use crate::sys::follow::Follower;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Poller;
use crate::sys::stat::FileId;
use crate::text;
use crate::ui;

/// How many lines are shown at first.
const SHOWN: usize = 50;
/// After this time a directory is looked for that was removed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Lines of several writers stand in the order of writing; by so much may their times differ from it.
const DISORDER: Duration = Duration::from_secs(10);

impl Run for Logs {
    fn run(self) -> Result<ExitCode> {
        let (root, source) = self.source(Root::open()?)?;
        let file = source.file(&root, self.errors);
        let since = self.since.map(|since| match since {
            Since::Ago(time) => context::wall_clock().checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH),
            Since::At(time) => time,
        });
        let view = View { source, since, errors: self.errors, json: self.json };
        let count = self.lines.unwrap_or(if since.is_some() { usize::MAX } else { SHOWN });
        // Watched before the first look, so that nothing falls between.
        let mut changes = self.follow.then(|| Changes::of(file.directory.path())).transpose()?;
        let mut log = LogReader::open(&file).with_context(|| format!("could not read {file}"))?;
        let lines = log.last(count, |line| view.pick(line));
        let lines = lines.with_context(|| format!("could not read {file}"))?;
        let mut flow = view.show(lines)?;
        let reader = fd::duplicate(io::stdout().as_fd()).and_then(HangUp::of_output).ok();
        while let (Some(changes), ControlFlow::Continue(())) = (&mut changes, flow) {
            changes.wait(reader.as_ref());
            if reader.as_ref().is_some_and(HangUp::has_happened) {
                break;
            }
            let mut lines = Vec::new();
            log.read_on(&mut |line| {
                if view.pick(line) == Pick::Take {
                    lines.push(line.to_vec());
                }
            });
            flow = view.show(lines)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Logs {
    fn source(&self, root: Root) -> Result<(Root, Source)> {
        let Some(name) = &self.name else {
            let root = find::glance(&root).map_or(root, |(root, _)| root);
            return Ok((root, Source::Central(self.session.session.clone())));
        };
        let (root, session) = self.session_of_logs(root)?;
        let log = root.session(&session).server(name).log;
        if log.is_there() {
            return Ok((root, Source::Server(session, name.clone())));
        }
        let message = format!("could not find the log of {name}: {log} is not there");
        Err(hinted(message, "mcp-hook status shows the servers there are"))
    }

    /// The session whose log is meant; that of one that has ended is still there.
    fn session_of_logs(&self, root: Root) -> Result<(Root, SessionId)> {
        match &self.session.session {
            Some(id) if root.session(id).logs.is_there() => Ok((root, id.clone())),
            id => find::find(&root, id.as_ref()).map(|(root, session)| (root, session.record.id)),
        }
    }
}

/// Whose log is shown.
enum Source {
    /// That of all sessions, or what is in it of one.
    Central(Option<SessionId>),
    /// That of a server.
    Server(SessionId, ServerName),
}

impl Source {
    fn file(&self, root: &Root, errors: bool) -> FileAt {
        match self {
            Self::Central(_) if errors => root.central().errors,
            Self::Central(_) => root.central().main,
            Self::Server(session, name) => root.session(session).server(name).log,
        }
    }
}

/// What is shown of a log, and how.
struct View {
    source: Source,
    since: Option<SystemTime>,
    errors: bool,
    json: bool,
}

/// What `logs --json` prints for each line.
#[derive(Default, Serialize)]
struct Object<'line> {
    version: u32,
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    session: Option<&'line str>,
    server: Option<&'line str>,
    text: String,
}

impl View {
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

    /// Prints lines until nobody reads on.
    fn show(&self, mut lines: Vec<Vec<u8>>) -> Result<ControlFlow<()>> {
        if self.json {
            for line in &mut lines {
                *line = self.object(line)?;
            }
        }
        Ok(if ui::pass_on(&lines)? { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    fn object(&self, line: &[u8]) -> Result<Vec<u8>> {
        let plain = String::from_utf8_lossy(line);
        let time = |time| Some(humantime::format_rfc3339_millis(time).to_string());
        let base = Object { version: 1, ..Object::default() };
        let entry: Option<CentralEntry> = plain.parse().ok();
        let object = match (&self.source, entry, Line::parse(line)) {
            (Source::Central(_), Some(entry), _) => {
                let (session, server) = (entry.session.as_ref(), entry.server.as_ref());
                let (session, server) = (session.map(SessionId::as_str), server.map(ServerName::as_str));
                let level = Some(entry.level.name());
                let object =
                    Object { time: time(entry.time), level, session, server, text: entry.text.clone(), ..base };
                return Ok(text::json(&serde_json::to_string(&object)?).into_bytes());
            }
            (Source::Server(session, server), _, Some(line)) => Object {
                time: time(line.time),
                stream: Some(line.stream.name()),
                session: Some(session.as_str()),
                server: Some(server.as_str()),
                text: String::from_utf8_lossy(line.text).into_owned(),
                ..base
            },
            _ => Object { text: plain.into_owned(), ..base },
        };
        Ok(text::json(&serde_json::to_string(&object)?).into_bytes())
    }
}

/// Tells when a log may have grown, even if its directory is made anew.
struct Changes {
    directory: PathBuf,
    watched: Option<(Follower, FileId)>,
}

impl Changes {
    fn of(directory: &Path) -> Result<Self> {
        let directory = directory.to_owned();
        let follower = Follower::new(&directory).with_context(|| format!("could not watch {}", directory.display()))?;
        let watched = FileId::at(&directory).ok().map(|number| (follower, number));
        Ok(Self { directory, watched })
    }

    /// Waits until then, or until nobody reads on.
    fn wait(&mut self, reader: Option<&HangUp>) {
        let follower = self.watched.as_ref().map(|(follower, _)| follower);
        let mut poller = Poller::new(Some(LOOK_AGAIN));
        if let Some(follower) = follower {
            poller.readable((), follower.as_poll_fd());
        }
        if let Some(reader) = reader {
            poller.hang_up((), reader);
        }
        poller.wait();
        if let Some(follower) = follower {
            follower.wait(Duration::ZERO);
        }
        let number = FileId::at(&self.directory).ok();
        if self.watched.as_ref().is_none_or(|(_, watched)| Some(*watched) != number) {
            self.watched = Follower::new(&self.directory).ok().zip(number);
        }
    }
}
