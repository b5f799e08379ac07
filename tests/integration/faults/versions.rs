//! Records of another version: what it takes to end a server is readable in all, so that an upgrade leaves nothing behind.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::WindowSession;
use crate::support::record::{edit, read_json};
use crate::support::{Sandbox, Tree};

/// The record as a later version may write it: the same to end it by, and parts that nobody knows yet.
fn later(record: &mut Value) {
    record["version"] = json!(99);
    record["state"] = json!({ "is": "hibernating", "until": "tomorrow" });
    record["settings"] = json!("all new");
    record["weather"] = json!(["fine"]);
}

fn started_by_a_later_version<'s>(session: &mut WindowSession<'s>) -> Tree<'s> {
    let tree = session.start(&[]);
    edit(&session.file("web.json"), later);
    tree
}

#[test]
fn a_server_of_a_later_version_is_shown_and_stopped() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = started_by_a_later_version(&mut session);
    let output = session.hook("status").ok();
    assert!(output.stdout.contains("unknown"), "{output}");
    session.hook("stop web").ok();
    tree.assert_gone();
    assert_eq!(read_json(&session.file("web.json"))["state"]["is"], "ended");
    session.end();
}

#[test]
fn a_server_of_a_later_version_is_restarted() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = started_by_a_later_version(&mut session);
    let before = tree.member("leader").process;
    tree.forget();
    session.hook("restart web").ok();
    tree.wait_for(&["leader"]);
    assert_ne!(tree.member("leader").process, before);
    session.end();
}

#[test]
fn beside_a_server_of_a_later_version_another_one_is_run() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = started_by_a_later_version(&mut session);
    let output = session.terminal.run("echo said | mcp-hook run web -- cat").ok();
    assert!(output.stdout.contains("said"), "{output}");
    tree.assert_alive();
    session.end();
}

#[test]
fn what_a_later_version_left_is_swept() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start_nasty();
    edit(&session.file("web.json"), later);
    let record = read_json(&session.file("web.json"));
    edit(&session.file("session.json"), |record| {
        record["version"] = json!(99);
        record["shell"] = json!({ "name": "bash" });
    });
    for watcher in ["keeper", "supervisor"] {
        let pid = i32::try_from(record["watchers"][watcher]["pid"].as_i64().unwrap()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    session.terminal.signal(Signal::SIGKILL);
    session.terminal.wait_exit();
    sandbox.hook(["cleanup"]).ok();
    tree.assert_gone();
    assert!(!session.pids.exists());
}

#[test]
fn a_session_of_a_later_version_is_the_shell_s_own() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    edit(&session.file("session.json"), |record| record["version"] = json!(99));
    let tree = session.start(&[]);
    session.terminal.run("eval \"$(mcp-hook open)\"").ok();
    assert_eq!(session.terminal.variable("MCP_SESSION_ID"), session.id);
    tree.assert_alive();
    session.end();
    tree.assert_gone();
}
