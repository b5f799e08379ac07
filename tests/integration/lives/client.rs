//! What a definition says of readiness, where a client has the server's output and only its errors are seen.

use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::{Sandbox, wait};

/// A server that a definition says is ready at a line "ready", run for a client; it ends with its input.
fn run(sandbox: &Sandbox, script: &str, hook: &Value) -> Child {
    let server = json!({"command": "sh", "args": ["-c", script], "hook": hook});
    sandbox.write("config/mcp-hook/servers.json", json!({"mcpServers": {"server": server}}).to_string());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.env("XDG_CONFIG_HOME", sandbox.path("config")).args(["run", "server"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What the record of the only server says.
fn record(sandbox: &Sandbox) -> Option<Value> {
    let session = std::fs::read_dir(sandbox.runtime().join("pids")).ok()?.next()?.ok()?;
    serde_json::from_slice(&std::fs::read(session.path().join("server.json")).ok()?).ok()
}

#[test]
fn a_line_of_its_errors_makes_a_clients_server_ready() {
    let sandbox = Sandbox::new();
    let hook = json!({"ready": {"log": "^ready$", "timeout": "1h"}});
    let client = run(&sandbox, "echo ready >&2; cat", &hook);
    wait::until("it is ready", || (record(&sandbox)?["state"]["ready"] == true).then_some(()));
    let said = client.wait_with_output().unwrap();
    assert_eq!((said.status.code(), &said.stderr[..]), (Some(0), &b"ready\n"[..]));
    sandbox.assert_clean();
}

#[test]
fn a_clients_server_that_does_not_say_that_it_is_ready_is_left_to_the_client() {
    let sandbox = Sandbox::new();
    let hook = json!({"ready": {"log": "ready", "timeout": "100ms"}, "restart": "always"});
    let client = run(&sandbox, "echo '{\"ready\":1}'; cat; exit 3", &hook);
    let log = sandbox.runtime().join("logs/main.log");
    let is_warned = || std::fs::read_to_string(&log).ok()?.contains("it was not ready within 0.1 s").then_some(());
    wait::until("the warning", is_warned);
    assert_eq!(record(&sandbox).unwrap()["state"]["is"], "running");
    let said = client.wait_with_output().unwrap();
    assert_eq!(
        (said.status.code(), &said.stdout[..]),
        (Some(3), &b"{\"ready\":1}\n"[..]),
        "it left with its input, once"
    );
    sandbox.assert_clean();
}
