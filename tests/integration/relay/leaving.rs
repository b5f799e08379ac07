//! Clients that leave while their server is not there, or is being started again.

use std::fs;
use std::process::{Child, Stdio};

use nix::sys::stat::Mode;
use serde_json::json;

use super::stdio_client::StdioClient;
use crate::support::scripted::SERVER;
use crate::support::{BackgroundSession, Sandbox, Scripted, wait};

fn spawn_restart(sandbox: &Sandbox, session: &str) -> Child {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.args(["restart", "--session", session, "server"]).stderr(Stdio::piped()).spawn().unwrap()
}

/// That it did not fail, and started nothing in the background.
#[track_caller]
fn assert_left(sandbox: &Sandbox, restart: Child) {
    let output = restart.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "server is not started again: its client has left meanwhile\n");
    assert!(output.status.success());
    assert!(sandbox.server("server").is_none_or(|server| server["state"] != "running"));
}

#[test]
fn a_restart_says_that_the_client_has_left_its_new_server() {
    for is_in_session in [false, true] {
        let sandbox = Sandbox::new();
        let hook = json!({"ready": {"log": "never printed", "timeout": "1h"}});
        let definition = json!({"command": "python3", "args": [SERVER], "hook": hook});
        let file = json!({"mcpServers": {"server": definition}});
        sandbox.write("home/.config/mcp-hook/servers.json", file.to_string());
        let background = is_in_session.then(|| BackgroundSession::open(&sandbox));
        let options = background.as_ref().map_or(Vec::new(), |session| vec!["--session", session.id.as_str()]);
        let client = StdioClient::run(&sandbox, "server", &[&options[..], &["server"]].concat());
        let restart = spawn_restart(&sandbox, &client.session());
        client.await_record("the next life", |record| record["restarts"] == 1 && record["state"]["is"] == "running");
        client.end();
        assert_left(&sandbox, restart);
    }
}

#[test]
fn a_restart_says_that_the_client_has_left_while_its_server_was_being_ended() {
    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.path("home/hold"), Mode::S_IRWXU).unwrap();
    // The end of its first process is up to this test.
    let line = format!("trap 'read line < hold; exit 0' TERM; python3 {SERVER}; wait");
    let mut client = Scripted::command(&sandbox, &["--grace", "1h"], &["sh", "-c", &line]);
    client.initialize();
    let restart = spawn_restart(&sandbox, &client.session());
    client.await_state("stopping");
    client.client.input = None;
    wait::until("the client's end", || (client.record()?["state"]["reason"] == "client-gone").then_some(()));
    fs::write(sandbox.path("home/hold"), "end now\n").unwrap();
    client.client.hear_all();
    assert_left(&sandbox, restart);
}

#[test]
fn run_ends_well_after_a_rest_that_somebody_wanted_and_else_as_its_server_did() {
    for (options, reason, status) in
        [(&["--idle", "300ms"][..], "idle", 0), (&[], "stopped", 0), (&[], "exited", 0), (&[], "exited", 3)]
    {
        let sandbox = Sandbox::new();
        Scripted::plan(&sandbox, &["", "die 3", "die 3", "die 3", "die 3"]);
        let mut client = Scripted::legacy(&sandbox, options);
        match reason {
            "stopped" => drop(client.hook("stop").ok()),
            "exited" => _ = client.request("tools/call", &json!({"name": "exit", "arguments": {"status": status}})),
            _ => {}
        }
        assert_eq!(client.await_state("idle")["end"]["reason"], reason);
        assert_eq!(client.finish().status, Some(status), "{reason}");
    }
}
