//! A server in the flat form of `status --json`: every field of every state, null where it is not known.

use std::net::IpAddr;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::container::ContainerView;
use super::health::HealthView;
use super::server::ServerView;
use super::state::{LastExit, StateView};
use super::traffic::TrafficView;
use super::usage::TreeView;
use crate::disk::names::ServerName;
use crate::server::client::ClientProcess;
use crate::server::endpoint::Endpoint;
use crate::server::launch::Launch;
use crate::server::record::Mode;
use crate::sys::wait::Exit;

#[derive(Serialize)]
struct FlatServer<'a> {
    name: &'a ServerName,
    state: &'a StateView,
    managed: bool,
    mode: Option<Mode>,
    client: Option<&'a ClientProcess>,
    #[serde(skip_serializing_if = "Option::is_none")]
    launch: Option<&'a Launch>,
    pid: Option<i32>,
    supervisor_pid: Option<i32>,
    keeper_pid: Option<i32>,
    port: Option<u16>,
    url: Option<String>,
    address: Option<IpAddr>,
    public: bool,
    container: Option<&'a ContainerView>,
    uptime_seconds: Option<f64>,
    restarts: u32,
    last_exit: Option<&'a LastExit>,
    next_attempt: Option<u64>,
    traffic: Option<&'a TrafficView>,
    health: Option<&'a HealthView>,
    cpu_seconds: f64,
    cpu_percent: f64,
    cpu_percent_now: f64,
    memory_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_proportional_bytes: Option<u64>,
    memory_peak_bytes: Option<u64>,
    memory_trend_bytes_per_hour: Option<f64>,
    memory_limit_bytes: Option<u64>,
    processes: usize,
    threads: u64,
    open_files: u64,
    pids: &'a [i32],
    exit: Option<Exit>,
    reason: Option<&'a str>,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    last_words: &'a [String],
    log: Option<&'a Path>,
    source: Option<&'a Path>,
    command: Option<Vec<String>>,
}

impl Serialize for ServerView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nothing = TreeView::default();
        flat(self, self.tree.as_ref().unwrap_or(&nothing)).serialize(serializer)
    }
}

fn flat<'a>(server: &'a ServerView, tree: &'a TreeView) -> FlatServer<'a> {
    let record = server.record.as_ref();
    let endpoint = server.endpoint();
    FlatServer {
        name: &server.name,
        state: &server.state,
        managed: server.is_managed(),
        mode: record.map(|it| it.mode),
        client: record.and_then(|it| it.client.as_ref()),
        launch: record.and_then(|it| it.launch.as_ref()),
        pid: server.process.map(|it| it.pid),
        supervisor_pid: record.and_then(|it| it.supervisor_pid),
        keeper_pid: record.and_then(|it| it.keeper_pid),
        port: endpoint.map(|it| it.number),
        url: endpoint.and_then(Endpoint::defined_url),
        address: endpoint.and_then(|it| it.address),
        public: endpoint.is_some_and(|it| it.public),
        container: record.and_then(|it| it.container.as_ref()),
        uptime_seconds: server.uptime_seconds(),
        restarts: server.restarts(),
        last_exit: server.last_exit(),
        next_attempt: server.state.next_attempt(),
        traffic: server.traffic(),
        health: record.and_then(|it| it.health.as_ref()),
        cpu_seconds: tree.cpu_seconds,
        cpu_percent: tree.cpu_percent,
        cpu_percent_now: tree.cpu_percent_now,
        memory_bytes: tree.memory_bytes,
        memory_proportional_bytes: tree.memory_proportional_bytes,
        memory_peak_bytes: server.memory_peak_bytes(),
        memory_trend_bytes_per_hour: tree.memory_trend_bytes_per_hour,
        memory_limit_bytes: record.and_then(|it| it.memory_limit_bytes),
        processes: tree.processes(),
        threads: tree.threads,
        open_files: tree.open_files,
        pids: &tree.pids,
        exit: server.state.exit(),
        reason: server.state.reason(),
        warnings: &server.warnings,
        last_words: server.state.last_words(),
        log: record.map(|it| &*it.log),
        source: record.and_then(|it| it.source.as_deref()),
        command: server.command(),
    }
}
