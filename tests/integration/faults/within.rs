//! Commands that a server runs itself: they are in the session that it was started in, for as long as it lives.

use std::fs;

use crate::support::WindowSession;
use crate::support::{Sandbox, wait};

/// A server that asks once it is told to, long after who started it has gone, and says what it was told.
fn asks(sandbox: &Sandbox, command: &str) -> String {
    let script = format!("until [ -e go ]; do :; done; {command} >said 2>&1; mv said answer; exec sleep 1000");
    sandbox.write("home/asks", script).display().to_string()
}

#[track_caller]
fn answer(sandbox: &Sandbox) -> String {
    sandbox.write("home/go", "");
    let answer = sandbox.path("home/answer");
    wait::until("the server was told", || answer.exists().then(|| fs::read_to_string(&answer).unwrap()))
}

#[test]
fn a_server_that_was_started_finds_its_session() {
    let few = "env -i HOME=\"$HOME\" PATH=\"$PATH\" MCP_HOOK_DIR=\"$MCP_HOOK_DIR\"";
    for environment in ["", few, "setsid -w", "env -u MCP_HOOK_OWNER"] {
        let sandbox = Sandbox::new();
        let script = asks(&sandbox, &format!("{environment} mcp-hook status --json"));
        let mut session = WindowSession::open(&sandbox);
        session.hook(&format!("start web -- sh {script}")).ok();
        let said = answer(&sandbox);
        assert!(said.contains(&session.id) && said.contains("\"web\""), "{environment}: {said}");
        session.end();
    }
}

#[test]
fn a_server_that_starts_with_its_session_finds_it() {
    let sandbox = Sandbox::new();
    let script = asks(&sandbox, "mcp-hook status --json");
    let home = sandbox.home().display().to_string();
    let definition = serde_json::json!({ "mcpServers": { "web": {
        "command": "sh", "args": [script], "cwd": home, "hook": { "autostart": true }
    } } });
    sandbox.write("home/.config/mcp-hook/servers.json", definition.to_string());
    let session = WindowSession::open(&sandbox);
    let said = answer(&sandbox);
    assert!(said.contains(&session.id) && said.contains("\"web\""), "{said}");
    session.end();
}

#[test]
fn a_server_starts_another_one_in_its_session() {
    let sandbox = Sandbox::new();
    let script = asks(&sandbox, "mcp-hook start other -- sleep 1000");
    let mut session = WindowSession::open(&sandbox);
    session.hook(&format!("start web -- sh {script}")).ok();
    let said = answer(&sandbox);
    assert!(said.contains("started other"), "{said}");
    let output = session.hook("status").ok();
    assert!(output.stdout.contains("other"), "{output}");
    session.end();
}
