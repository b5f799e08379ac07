//! Servers over HTTP in the background that are asked whether they speak MCP: when they start, and then again and again.

mod kept;
mod ready;

use std::fs;

use crate::support::{BackgroundSession, Output, Sandbox};

/// A server that does what a file says.
const CHANGING: &str = include_str!("../../fixtures/changing_http_server.py");

/// The command of that server.
fn changing(sandbox: &Sandbox) -> Vec<String> {
    let program = sandbox.write("changing_http_server.py", CHANGING);
    vec!["python3".to_owned(), program.display().to_string()]
}

/// What the server does from its next request on.
fn set_mode(sandbox: &Sandbox, mode: &str) {
    fs::write(sandbox.path("home/new-mode"), mode).unwrap();
    fs::rename(sandbox.path("home/new-mode"), sandbox.path("home/mode")).unwrap();
}

/// What it was asked so far, a line each: method, session, host and path.
fn asked(sandbox: &Sandbox) -> Vec<String> {
    let text = fs::read_to_string(sandbox.path("home/asked")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Starts that server as `web`, to be ready once it answers the handshake.
fn start(session: &BackgroundSession<'_>, sandbox: &Sandbox, options: &[&str]) -> Output {
    let options = [&["--port", "auto", "--ready-mcp"], options].concat();
    session.start(&options, "web", &changing(sandbox))
}
