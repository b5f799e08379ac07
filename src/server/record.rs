//! The record of a server: what is true of it, written by its supervisor, read by everybody.

use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::client::ClientProcess;
use super::command::CommandLine;
use super::end::{End, Reason};
use super::endpoint::Endpoint;
use super::health::Health;
use super::history::UsageHistory;
use super::invocation::Prepared;
use super::launch::Launch;
use super::settings::Settings;
pub use super::state::ServerState;
use super::token::Token;
use crate::container::Container;
use crate::disk::file_at::FileAt;
use crate::disk::layout::ServerPaths;
use crate::disk::names::ServerName;
use crate::disk::{file, versioned};
use crate::failure::Hint;
use crate::mcp::traffic::Traffic;
use crate::sys::Identity;
use crate::sys::host::{Host, Place};

/// The version of the format. A record of another version is not read.
const VERSION: u32 = 1;

/// The largest record of a server that is about to be started, in bytes.
const LARGEST_AT_FIRST: u64 = file::LARGEST / 2;

/// `pids/ID/NAME.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerRecord {
    version: u32,
    pub name: ServerName,
    /// What its processes are recognised by.
    pub token: Token,
    pub mode: Mode,
    pub command: CommandLine,
    pub directory: PathBuf,
    pub settings: Settings,
    /// Where the numbers of processes below are valid.
    pub host: Host,
    /// The processes of ours that answer for it; none before the first of them exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchers: Option<Watchers>,
    /// The file that it is defined in, if it was not typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PathBuf>,
    /// Whether it was started with its session, where no command could show how that went.
    #[serde(default)]
    pub autostart: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Endpoint>,
    /// The container that it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// What its client calls it, if another server has that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ServerName>,
    /// Who it is run for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientProcess>,
    /// How it was started last, if its command is one of a launcher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<Launch>,
    /// What has passed between it and its client, about a second ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// Whether it answers, if it is asked every so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended last, if it was started again since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_end: Option<End>,
    /// What its client may miss of it that it had found in its predecessor, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// Its numbers over time.
    #[serde(default)]
    pub history: UsageHistory,
    pub state: ServerState,
}

/// How a server was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// By `start`: in the background.
    Start,
    /// By `run`: for a client on standard input and output.
    Run,
}

impl Mode {
    /// The command.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Run => "run",
        }
    }
}

/// The two processes that answer for a server.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Watchers {
    /// Ends the tree should the supervisor die.
    pub keeper: Identity,
    /// Starts, watches and ends the tree.
    pub supervisor: Identity,
}

impl ServerRecord {
    /// A record of a server that is about to be started.
    pub fn new(token: Token, mode: Mode, prepared: &Prepared) -> Self {
        Self {
            version: VERSION,
            name: token.server().clone(),
            token,
            mode,
            command: prepared.command.clone(),
            directory: prepared.directory.clone(),
            settings: prepared.settings.clone(),
            host: Host::current().clone(),
            watchers: None,
            source: prepared.source.clone(),
            autostart: false,
            port: None,
            container: None,
            health: prepared.settings.health.filter(|_| mode == Mode::Start).map(|_| Health::default()),
            restarts: 0,
            wanted: None,
            client: None,
            launch: None,
            traffic: None,
            last_end: None,
            differences: Vec::new(),
            history: UsageHistory::default(),
            state: ServerState::Starting,
        }
    }

    /// Reads the record of a server; `None` if there is none.
    pub fn read(paths: &ServerPaths) -> Result<Option<Self>> {
        match file::read(&paths.record).transpose() {
            None => Ok(None),
            Some(content) => content
                .and_then(|content| Self::check(&paths.record, &content))
                .map(Some)
                .hint(|| "move it away, and mcp-hook start makes a new one".to_owned()),
        }
    }

    /// A record that was put in the place of another would have the wrong processes ended.
    fn check(file: &FileAt, content: &[u8]) -> Result<Self> {
        let record = Self::parse(content).with_context(|| format!("could not read {file}"))?;
        let session = file.directory.path().file_name();
        let is_in_place = file.name.strip_suffix(".json") == Some(record.name.as_str())
            && session.is_some_and(|session| session == record.token.session().as_str())
            && record.token.server() == &record.name;
        ensure!(is_in_place, "could not read {file}: it is the record of {}", record.token);
        Ok(record)
    }

    /// What it takes to end a server is read from a record of every version: its token, the place, its watchers.
    fn parse(content: &[u8]) -> Result<Self> {
        match versioned::parse(content, VERSION, |record: &Self| record.version) {
            Ok(record) => Ok(record),
            Err(error) => Self::salvage(content).ok_or(error),
        }
    }

    fn salvage(content: &[u8]) -> Option<Self> {
        versioned::salvage(content, VERSION, &Self::blank()?, &["name", "token", "host"])
    }

    /// A record that says nothing.
    fn blank() -> Option<Self> {
        let token: Token = "notty-1-aaaa/none/0000000000000000".parse().ok()?;
        let command = CommandLine::from_line("a command that is not known here".to_owned()).ok()?;
        let prepared = Prepared::typed(command, PathBuf::from("/"), Settings::default());
        Some(Self { state: ServerState::Unknown, ..Self::new(token, Mode::Start, &prepared) })
    }

    /// That it can be written, and leaves room for what is added while the server lives.
    pub fn check_size(&self) -> Result<()> {
        let length = serde_json::to_vec(self)?.len() as u64;
        ensure!(length <= LARGEST_AT_FIRST, "its record would have {length} bytes, more than {LARGEST_AT_FIRST}");
        Ok(())
    }

    /// Writes the record, and the plain pid file beside it.
    pub fn write(&self, paths: &ServerPaths) -> io::Result<()> {
        let mut content = serde_json::to_vec(self)?;
        content.push(b'\n');
        if content.len() as u64 > file::LARGEST {
            // A record that cannot be read back would keep the server from being ended.
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{}: it would be too large", paths.record),
            ));
        }
        // For people and scripts; whatever is in its place must not cost us the record.
        let _ = match self.state.server() {
            Some(server) => file::replace(&paths.pid, format!("{}\n", server.pid).as_bytes()),
            None => paths.pid.remove(),
        };
        let name = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", paths.record));
        file::replace(&paths.record, &content).map_err(name)
    }

    /// Whether nothing of it is left: neither of its tree nor a container that its engine has kept.
    pub fn is_over(&self) -> bool {
        self.state.is_final() && !self.container.as_ref().is_some_and(Container::is_left)
    }

    /// Whether its supervisor keeps the connection of its client without a server.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, ServerState::Idle { .. })
    }

    /// The same because somebody has stopped it.
    pub fn is_stopped(&self) -> bool {
        matches!(&self.state, ServerState::Idle { end, .. } if end.reason == Reason::Stopped)
    }

    /// Whether it can be ended and started again by its supervisor: not if a client's streams are its own.
    pub fn is_restartable(&self) -> bool {
        self.mode == Mode::Start || self.settings.relay
    }

    /// Whether `check --connect` finds it under its name.
    pub fn can_be_asked(&self) -> bool {
        self.source.is_some()
    }

    /// Whether process numbers in this record mean processes that this process could see.
    pub fn is_of_this_host(&self) -> bool {
        self.host.place() == Place::Here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION_1: &str = include_str!("../../tests/fixtures/record-v1.json");

    #[test]
    fn the_first_format_is_still_read() {
        let record = ServerRecord::parse(VERSION_1.as_bytes()).expect("version 1");
        assert_eq!(record.name.as_str(), "web");
        assert!(record.client.is_none() && record.traffic.is_none());
        assert!(matches!(record.state, ServerState::Running { ready: true, .. }));
        assert_eq!(record.command, CommandLine::Argv(vec!["npx".into(), "-y".into(), "a-server".into()]));
    }

    #[test]
    fn what_it_takes_to_end_a_server_is_read_from_every_version() {
        let mut later: serde_json::Value = serde_json::from_str(VERSION_1).expect("JSON");
        for (name, part) in [("version", 99.into()), ("state", "asleep".into()), ("settings", 1.into())] {
            later[name] = part;
        }
        let record = ServerRecord::parse(later.to_string().as_bytes()).expect("read");
        let first = ServerRecord::parse(VERSION_1.as_bytes()).expect("version 1");
        assert_eq!((record.token, record.host, record.state), (first.token, first.host, ServerState::Unknown));
        assert!(record.watchers.is_some());
        later["token"] = "of another form".into();
        assert!(ServerRecord::parse(later.to_string().as_bytes()).is_err());
    }

    #[test]
    fn another_version_is_named_in_the_error() {
        let error = ServerRecord::parse(br#"{"version": 7}"#).expect_err("refused").to_string();
        assert_eq!(error, "it has version 7, this mcp-hook reads version 1");
        assert!(ServerRecord::parse(b"{").is_err());
        assert!(ServerRecord::parse(b"").is_err());
    }
}
