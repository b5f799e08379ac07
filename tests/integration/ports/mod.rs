//! Ports: one for each server that wants one, whatever else there is on the machine.

mod address;
mod autostart;
mod case_35_many;
mod case_36_stolen;
mod case_37_alone;
mod environment;
mod kinds;
mod lease;
mod other_user;
mod stale;

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Output, Sandbox, Terminal, Tree};

/// The word that the server's port stands for, as it is typed.
const PORT: &str = "'${MCP_PORT}'";

/// Starts the compiled server in a terminal; it listens on the port that it is given, at `address`.
fn start(terminal: &mut Terminal<'_>, name: &str, port: &str, address: &str) -> Output {
    let tree = Tree::program().display().to_string();
    terminal.run(&format!("mcp-hook start {name} --port {port} -- {tree} --listen {PORT}@{address}"))
}

/// What `status` says of a server.
#[track_caller]
fn server(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.server(name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// The port that a server has.
#[track_caller]
fn port_of(sandbox: &Sandbox, name: &str) -> u16 {
    let server = server(sandbox, name);
    server["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_else(|| panic!("no port: {server}"))
}

/// Whether somebody accepts a connection.
fn answers(address: &str, port: u16) -> bool {
    let address = SocketAddr::new(address.parse().unwrap(), port);
    TcpStream::connect_timeout(&address, Duration::from_secs(10)).is_ok()
}

/// The ports that are claimed.
fn claimed(sandbox: &Sandbox) -> BTreeSet<u16> {
    let entries = fs::read_dir(sandbox.runtime().join("ports")).into_iter().flatten().flatten();
    let number = |name: String| name.strip_suffix(".lock").and_then(|number| number.parse().ok());
    entries.map(|entry| number(entry.file_name().into_string().unwrap()).expect("a lock file")).collect()
}
