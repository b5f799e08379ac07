//! Servers as an agent is told of them: what it can use, and nothing that may be secret, such as commands.

use std::fmt::Write;

use serde::Serialize;

use crate::disk::names::ServerName;
use crate::server::endpoint::Endpoint;
use crate::session::view::ServerView;
use crate::units::{self, size, time};

/// What `server_status` answers.
#[derive(Debug, Serialize)]
pub struct AgentStatus {
    pub session: String,
    pub servers: Vec<AgentServer>,
    /// The names of servers that are defined and could be started.
    pub startable: Vec<String>,
}

/// What `server_start`, `server_stop` and `server_restart` answer.
#[derive(Debug, Serialize)]
pub struct AgentChange {
    pub message: String,
    pub server: AgentServer,
    pub warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct AgentServer {
    name: ServerName,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime_seconds: Option<f64>,
    restarts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    last_words: Vec<String>,
    warnings: Vec<String>,
}

impl AgentServer {
    pub fn of(view: &ServerView) -> Self {
        let record = view.record.as_ref();
        Self {
            name: view.name.clone(),
            state: view.state.to_string(),
            reason: view.state.reason().map(str::to_owned),
            pid: view.process.map(|process| process.pid),
            port: view.endpoint().map(|endpoint| endpoint.number),
            url: view.endpoint().and_then(Endpoint::shown_url),
            client: record.and_then(|record| record.client.as_ref()).map(|client| client.name.clone()),
            uptime_seconds: view.uptime_seconds(),
            restarts: view.restarts(),
            memory_bytes: view.tree.as_ref().map(|tree| tree.memory_bytes),
            last_words: view.state.last_words().to_vec(),
            warnings: view.warnings.clone(),
        }
    }

    /// The same in words: a line, and below it what it said last and what should not be.
    pub fn describe(&self) -> String {
        let mut text = format!("{}: {}", self.name, self.state);
        let seconds = self.uptime_seconds.map(|seconds| format!("for {}", time::duration(seconds)));
        let parts = [
            self.reason.clone(),
            seconds,
            self.pid.map(|pid| format!("pid {pid}")),
            self.port.map(|port| format!("port {port}")),
            self.client.as_ref().map(|client| format!("for {client}")),
            self.memory_bytes.map(size::bytes),
            Some(format!("{} so far", units::count(u64::from(self.restarts), "restart", "restarts")))
                .filter(|_| self.restarts > 0),
        ];
        for part in parts.into_iter().flatten() {
            let _ = write!(text, ", {part}");
        }
        text.push('\n');
        for line in &self.last_words {
            let _ = writeln!(text, "  | {line}");
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "  warning: {warning}");
        }
        text
    }
}

impl AgentStatus {
    pub fn describe(&self) -> String {
        let mut text: String = self.servers.iter().map(AgentServer::describe).collect();
        if self.servers.is_empty() {
            text += "no servers run in this session\n";
        }
        if !self.startable.is_empty() {
            let _ = writeln!(text, "can be started: {}", self.startable.join(", "));
        }
        text
    }
}
