//! What each tool does.

use std::fs;

use serde_json::json;

use super::session_client::{SessionClient, text};
use super::{definitions, named, open, server};
use crate::support::{Process, Sandbox, wait};

#[test]
fn an_agent_starts_a_server_looks_at_it_restarts_and_stops_it() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (mut terminal, mut agent) = open(&sandbox);
    let id = terminal.variable("MCP_SESSION_ID");
    let status = agent.data("server_status", &json!({}));
    assert_eq!(status, json!({ "session": id, "servers": [], "startable": ["silent", "tickets", "web"] }));

    let started = agent.data("server_start", &named("web"));
    assert_eq!(started["server"]["state"], "running");
    let first = i32::try_from(started["server"]["pid"].as_i64().unwrap()).unwrap();
    assert_eq!(started["message"], format!("started web, pid {first}"));
    assert!(
        agent.refusal("server_start", &named("web")).starts_with("could not start web: it is running already\nhint: ")
    );
    // Another thread writes it than the one that calls the server ready.
    wait::until("it is written down", || {
        let log = agent.data("server_logs", &named("web"));
        log["lines"].as_array()?.iter().find(|line| line["stream"] == "out" && line["text"] == "up").cloned()
    });
    let one = json!({ "name": "web", "lines": 1, "errors": true });
    assert!(text(&agent.call("server_logs", &one)).contains("web has printed nothing of this kind"));

    let restarted = agent.data("server_restart", &named("web"));
    assert_ne!(restarted["server"]["pid"], first);
    assert!(!Process::with_pid(first).is_some_and(|process| process.alive()));
    let shown = agent.call("server_status", &named("web"));
    assert_eq!(shown["structuredContent"]["servers"][0]["restarts"], 1);
    assert!(text(&shown).starts_with("web: running, for "), "{shown}");
    assert_eq!(terminal.run("mcp-hook status --json").ok().json()["sessions"][0]["servers"][0]["state"], "running");

    let stopped = agent.data("server_stop", &named("web"));
    assert!(stopped["message"].as_str().unwrap().starts_with("stopped web after "), "{stopped}");
    assert_eq!(stopped["server"]["state"], "stopped");
    assert_eq!(agent.data("server_stop", &named("web"))["message"], "web is not running");
    assert_eq!(agent.data("server_start", &named("web"))["server"]["state"], "running");
    assert!(agent.finish().is_empty());
    assert_eq!(sandbox.server("web").unwrap()["state"], "running", "it is the session's, and not the agent's");
    terminal.close_window();
    terminal.wait_exit();
    sandbox.assert_clean();
}

#[test]
fn a_server_that_was_typed_can_be_started_again() {
    let sandbox = Sandbox::new();
    let (mut terminal, mut agent) = open(&sandbox);
    terminal.run("mcp-hook start web -- sleep 1000").ok();
    agent.data("server_stop", &named("web"));
    assert_eq!(agent.data("server_start", &named("web"))["server"]["state"], "running");
    let said = agent.refusal("server_start", &named("nobody"));
    assert!(said.starts_with("could not start nobody: no command was given, and it is not defined\nhint: "), "{said}");
}

#[test]
fn a_check_says_how_far_it_is_and_why_a_server_does_not_work() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (_terminal, mut agent) = open(&sandbox);
    let checked = agent.call("server_check", &named("tickets"));
    assert_eq!(checked["structuredContent"]["server"]["name"], "tickets", "{checked}");
    assert_ne!(checked["structuredContent"]["state"], "failed");
    fs::write(sandbox.path("home/tickets.py"), "import sys; sys.exit('\\33[31mno database')").unwrap();
    let params = json!({ "name": "server_check", "arguments": named("tickets"), "_meta": { "progressToken": "p" } });
    let id = agent.ask("tools/call", &params);
    let step = agent.hear(|message| message["method"] == "notifications/progress");
    assert_eq!((&step["params"]["progressToken"], &step["params"]["progress"]), (&json!("p"), &json!(1)));
    let checked = agent.hear(|message| message["id"] == id)["result"].clone();
    assert_eq!(checked["isError"], false, "that it fails is what was to be found out");
    assert_eq!(checked["structuredContent"]["findings"][0]["code"], "exited", "{checked}");
    assert_eq!(checked["structuredContent"]["stderr"], json!(["no database"]));
    assert!(text(&checked).contains("│ no database"), "{checked}");
}

#[test]
fn a_client_keeps_the_connection_to_a_server_that_was_rebuilt_and_restarted() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (mut terminal, mut agent) = open(&sandbox);
    let mut client = SessionClient::start(&sandbox, &mut terminal, "mcp-hook run tickets -- python3 tickets.py");
    assert_eq!(text(&client.call("build", &json!({}))), "one");
    fs::write(sandbox.path("home/tickets.py"), server("two")).unwrap();
    assert_eq!(agent.data("server_restart", &named("tickets"))["server"]["state"], "running");
    assert_eq!(text(&client.call("build", &json!({}))), "two");

    agent.data("server_stop", &named("tickets"));
    let id = client.ask("tools/call", &json!({ "name": "build" }));
    let refused = client.hear(|message| message["id"] == id);
    assert!(refused["error"]["message"].as_str().unwrap().contains("somebody stopped it"), "{refused}");
    agent.data("server_start", &named("tickets"));
    assert_eq!(text(&client.call("build", &json!({}))), "two");
}
