//! The connection itself: calls beside each other, cancelled ones, and its end.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::session_client::SessionClient;
use super::{definitions, named, open};
use crate::support::defined_session::define;
use crate::support::{Process, Sandbox, Shell, Terminal, wait};

fn check(name: &str) -> Value {
    json!({ "name": "server_check", "arguments": named(name) })
}

/// The copy of a server that is being checked, once it is there.
#[track_caller]
fn copy(terminal: &Terminal<'_>) -> Process {
    let shell = terminal.process();
    wait::until("the copy", || shell.descendants().into_iter().find(|process| process.title() == "sleep"))
}

/// `mcp-hook mcp`: the only job of the shell.
#[track_caller]
fn process_of(terminal: &Terminal<'_>) -> Process {
    let shell = terminal.process();
    let is_job = |process: &Process| process.stat().is_some_and(|stat| stat.parent == shell.pid);
    shell.descendants().into_iter().find(is_job).expect("it runs")
}

#[test]
fn a_call_that_is_cancelled_leaves_nothing_and_others_are_answered_meanwhile() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (terminal, mut agent) = open(&sandbox);
    let id = agent.ask("tools/call", &check("silent"));
    let copy = copy(&terminal);
    agent.request("ping", &json!({}));
    agent.data("server_status", &json!({}));
    agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }));
    assert!(copy.gone_by(wait::Deadline::usual()));
    agent.request("ping", &json!({}));
    assert!(agent.finish().is_empty(), "a call that is cancelled gets no answer");
}

#[test]
fn the_end_of_input_and_signals_end_it_and_what_it_was_about() {
    for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGINT), Some(Signal::SIGKILL)] {
        let sandbox = Sandbox::new();
        definitions(&sandbox);
        let (terminal, mut agent) = open(&sandbox);
        agent.ask("tools/call", &check("silent"));
        let copy = copy(&terminal);
        let said = match signal {
            None => agent.finish(),
            Some(signal) => {
                process_of(&terminal).signal(signal);
                agent.hear_end()
            }
        };
        assert!(said.is_empty(), "{signal:?}: {said:?}");
        assert!(copy.gone_by(wait::Deadline::usual()), "{signal:?}");
    }
}

#[test]
fn what_was_asked_before_the_end_of_input_is_answered() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut agent = SessionClient::start_silently(&sandbox, &mut terminal, "mcp-hook mcp");
    for _ in 0..20 {
        agent.ask("tools/call", &json!({ "name": "server_status" }));
    }
    let mut ids: Vec<u64> = agent.finish().iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
}

#[test]
fn too_many_calls_at_once_are_refused_and_the_others_are_done() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (_terminal, mut agent) = open(&sandbox);
    let ids: Vec<u64> = (0..100).map(|_| agent.ask("tools/call", &json!({ "name": "server_status" }))).collect();
    let mut refused = 0;
    for id in ids {
        let answer = agent.hear(|message| message["id"].is_u64());
        refused += usize::from(answer["result"]["isError"] == true);
        assert!(answer["id"].is_u64(), "{id}");
    }
    assert!(refused <= 100 - 64, "{refused}");
    agent.data("server_status", &json!({}));
}

#[test]
fn calls_are_done_by_the_program_that_was_started_after_a_newer_one_took_its_place() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let program = sandbox.install(Path::new(env!("CARGO_BIN_EXE_mcp-hook")), "mcp-hook");
    let (_terminal, mut agent) = open(&sandbox);
    fs::remove_file(program).unwrap();
    assert_eq!(agent.data("server_start", &named("web"))["server"]["state"], "running");
}

#[test]
fn a_session_that_ends_meanwhile_is_missed_with_its_servers() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (mut terminal, mut agent) = open(&sandbox);
    agent.data("server_start", &named("web"));
    let process = process_of(&terminal);
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    sandbox.assert_clean_but(&[process]);
    for tool in ["server_status", "server_start", "server_stop", "server_check"] {
        let arguments = if tool == "server_status" { json!({}) } else { named("web") };
        let refused = agent.refusal(tool, &arguments);
        assert!(refused.starts_with("could not find a session: "), "{refused}");
    }
    agent.finish();
}

#[test]
fn a_start_goes_on_if_nobody_waits_for_it_any_more() {
    let sandbox = Sandbox::new();
    let gate = sandbox.path("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let script = format!("cat '{}'; echo up; exec sleep 1000", gate.display());
    let slow = json!({ "command": "sh", "args": ["-c", script], "hook": { "ready": { "log": "^up$" } } });
    define(&sandbox, &json!({ "slow": slow }));
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut agent = SessionClient::start(&sandbox, &mut terminal, "mcp-hook mcp");
    let params = json!({ "name": "server_start", "arguments": named("slow"), "_meta": { "progressToken": 1 } });
    agent.ask("tools/call", &params);
    agent.hear(|message| message["method"] == "notifications/progress");
    process_of(&terminal).signal(Signal::SIGTERM);
    assert!(agent.hear_end().is_empty(), "nobody hears an answer");
    assert_eq!(sandbox.server("slow").unwrap()["state"], "starting");
    fs::write(gate, "").unwrap();
    let is_running = || (sandbox.server("slow")?["state"] == "running").then_some(());
    wait::until("it is ready", is_running);
}

#[test]
fn a_message_that_is_too_long_is_refused_and_the_next_one_heard() {
    let sandbox = Sandbox::new();
    let (_terminal, mut agent) = open(&sandbox);
    agent.ask("x", &json!({ "long": "x".repeat(2 << 20) }));
    let refused = agent.hear(|message| message["error"].is_object());
    assert_eq!((&refused["id"], &refused["error"]["message"]), (&Value::Null, &json!("the message is too long")));
    agent.request("ping", &json!({}));
}

#[test]
fn without_a_handshake_the_same_tools_answer() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut agent = SessionClient::start_silently(&sandbox, &mut terminal, "mcp-hook mcp");
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let found = agent.request("server/discover", &json!({ "_meta": meta }));
    assert_eq!(found["supportedVersions"][0], "2026-07-28");
    let started =
        agent.request("tools/call", &json!({ "name": "server_start", "arguments": named("web"), "_meta": meta }));
    assert_eq!(started["structuredContent"]["server"]["state"], "running", "{started}");
    assert_eq!(started["resultType"], "complete");
}
