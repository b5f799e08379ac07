//! The end of a server under a living client: what the client hears, and what the next life is told.

use serde_json::{Value, json};

use crate::support::scripted::SERVER;
use crate::support::{Sandbox, Scripted};

fn changed() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
}

#[test]
fn a_call_in_flight_gets_an_error_that_says_all_and_the_next_one_a_new_server() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let first = client.server();
    let id = client.request("tools/call", &json!({"name": "exit", "arguments": {"status": 7}}));
    let error = client.hear_answer(id)["error"].clone();
    assert_eq!(error["code"], -32603);
    assert_eq!(
        error["message"],
        "The MCP server \"server\" ended (exit status 7) while it worked on this call. The call may have had effects; it was \
         not repeated. It is being started again: the next call will reach it."
    );
    let data = json!({"source": "mcp-hook", "server": "server", "exit": {"code": 7}, "stderr": ["last words"], "restarting": true});
    assert_eq!(error["data"], data);
    let (before, answer) = client.echo();
    assert_eq!(before, [changed()]);
    assert_ne!(answer["pid"], first.pid);
    assert_eq!(answer["heard"], json!(["initialize", "notifications/initialized", "tools/call"]));
    assert!(!first.alive());
    assert_eq!(client.finish().status, Some(0));
}

#[test]
fn a_server_that_is_killed_between_calls_is_not_missed() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    for life in 1..=3 {
        let server = client.server();
        server.signal(nix::sys::signal::Signal::SIGKILL);
        assert!(server.gone_by(crate::support::wait::Deadline::usual()));
        // Sent into whatever is there: the pipe of the dead one, or none.
        assert_eq!(client.hear(), changed());
        assert_eq!(client.lives(), life + 1);
    }
    client.finish();
}

#[test]
fn what_was_said_while_there_was_no_server_goes_to_the_next_in_order() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "die 1", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("kill");
    client.hear_answer(id);
    client.say(&json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}));
    let ids = [client.call("echo"), client.call("echo"), client.call("echo")];
    assert_eq!(client.hear(), changed());
    for id in ids {
        client.hear_answer(id);
    }
    let (_, answer) = client.echo();
    let heard = ["initialize", "notifications/initialized", "notifications/roots/list_changed"];
    assert_eq!(answer["heard"].as_array().unwrap()[..3], heard.map(Value::from));
    client.finish();
}

#[test]
fn a_server_that_dies_before_its_first_answer_is_tried_three_times_more() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["die 3", "die 3", "die 3", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    assert_eq!(client.echo().0, [] as [Value; 0]);
    assert_eq!(client.lives(), 4);
    client.finish();

    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["die 3"; 9]);
    let mut client = Scripted::run(&sandbox, &[], &[]);
    client.request("initialize", &json!({}));
    let input = client.client.input.take();
    let lives = sandbox.home().join("pids");
    let heard = client.client.hear_all();
    drop(input);
    assert_eq!((heard.status, &heard.output[..]), (Some(3), &b""[..]));
    let said = String::from_utf8(heard.errors).unwrap();
    assert!(said.contains("server ended because it ended by itself: exit status 3 (exited); its log is"), "{said}");
    assert_eq!(std::fs::read_to_string(lives).unwrap().lines().count(), 4);
}

#[test]
fn what_cannot_be_executed_is_not_tried_again() {
    for (status, command) in [(127, &["sh", "-c", "exit 127"][..]), (127, &["no-such-program"]), (126, &["/"])] {
        let sandbox = Sandbox::new();
        let mut client = crate::support::PipedClient::run(&sandbox, &[], command);
        let input = client.input.take();
        assert_eq!(client.hear_all().status, Some(status), "{command:?}");
        drop(input);
    }
}

#[test]
fn a_server_that_leaves_with_status_0_rests_until_the_next_message() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("exit");
    let error = client.hear_answer(id);
    assert_eq!(error["error"]["data"]["exit"], json!({"code": 0}));
    client.await_state("idle");
    assert_eq!(client.lives(), 1);
    let (before, _) = client.echo();
    assert_eq!((before, client.lives()), (vec![changed()], 2));
    client.finish();
}

#[test]
fn a_server_that_closes_its_output_is_ended() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let server = client.server();
    let id = client.call("close");
    let error = client.hear_answer(id);
    assert!(error["error"]["message"].as_str().unwrap().contains("it did not serve its client any more"), "{error}");
    assert!(!server.alive());
    client.echo();
    client.await_log("it closed its output, but lives");
    client.finish();
}

#[test]
fn a_server_that_closes_its_input_is_ended_with_the_next_message_and_its_successor_gets_that() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let server = client.server();
    let id = client.call("deafen");
    client.hear_answer(id);
    assert!(server.alive());
    assert_eq!(client.echo().0, [changed()]);
    assert!(!server.alive());
    client.await_log("it closed its input, but lives");
    client.finish();
}

#[test]
fn the_last_words_of_a_client_that_leaves_reach_the_successor() {
    for end in ["\n", ""] {
        let sandbox = Sandbox::new();
        // A successor that takes longer than a client has patience is told to end: this one goes on.
        let deaf = ["env", "--ignore-signal=TERM", "python3", SERVER];
        let mut client = Scripted::command(&sandbox, &["--grace", "30s"], &deaf);
        client.initialize();
        let id = client.call("kill");
        client.hear_answer(id);
        client.client.say(format!(r#"{{"jsonrpc":"2.0","id":"last","method":"ping"}}{end}"#));
        let heard = client.finish();
        let said = String::from_utf8(heard.output).unwrap();
        assert!(said.contains(r#""id": "last", "result""#), "{end:?}: {said}");
    }
}

#[test]
fn a_successor_that_refuses_the_handshake_has_failed_and_the_one_after_it_serves() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "refuse", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("kill");
    client.hear_answer(id);
    assert_eq!(client.echo().0, [changed()]);
    assert_eq!(client.lives(), 3);
    for text in ["it refused the handshake of its predecessor", "not today"] {
        client.await_log(text);
    }
    client.finish();
}

#[test]
fn a_successor_that_speaks_another_version_is_used_and_said_so() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "version 2025-06-18", "poor"]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    for expected in ["protocol version 2025-06-18, its predecessor 2025-11-25", "it no longer has logging, tools"] {
        let id = client.call("kill");
        client.hear_answer(id);
        client.echo();
        client.await_log(expected);
        let warnings = sandbox.server("server").unwrap()["warnings"].to_string();
        assert!(warnings.contains(expected), "{warnings}");
    }
    client.finish();
}

#[test]
fn a_successor_that_cannot_be_executed_costs_no_client_its_connection() {
    let sandbox = Sandbox::new();
    let program = sandbox.program("served", "#!/bin/sh\nexec python3 \"$@\"\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/scripted.py");
    let mut client = Scripted::command(&sandbox, &[], &[program.to_str().unwrap(), script]);
    client.initialize();
    let away = sandbox.path("away");
    std::fs::rename(&program, &away).unwrap();
    let id = client.call("kill");
    client.hear_answer(id);
    client.await_log("(not-found)");
    std::fs::rename(&away, &program).unwrap();
    client.hook("restart").ok();
    assert_eq!(client.echo().0, [changed()]);
    client.finish();
}

#[test]
fn a_half_written_line_of_a_dead_server_never_reaches_the_client() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    for length in [10, 200_000, 3 << 20] {
        let id = client.request("tools/call", &json!({"name": "half", "arguments": {"length": length}}));
        if length > 1 << 20 {
            // It had begun to reach the client.
            let line = client.client.hear_line();
            assert!(line.len() > 1 << 20 && line.ends_with(b"x\n"), "{}", line.len());
        }
        assert_eq!(client.hear_answer(id)["error"]["code"], -32603);
        assert_eq!(client.echo().0, [changed()]);
    }
    client.finish();
}

#[test]
fn requests_of_a_dead_server_are_cancelled_at_the_client() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("ask");
    assert_eq!(client.hear()["method"], "sampling/createMessage");
    client.hear_answer(id);
    let id = client.call("kill");
    client.hear_answer(id);
    let cancelled = client.hear();
    assert_eq!(
        (&cancelled["method"], &cancelled["params"]["requestId"]),
        (&json!("notifications/cancelled"), &json!(1))
    );
    client.say(&json!({"jsonrpc": "2.0", "id": 1, "result": {"late": true}}));
    let (_, answer) = client.echo();
    assert!(!answer["heard"].as_array().unwrap().contains(&json!("answer")), "{answer}");
    client.finish();
}

#[test]
fn in_the_stateless_era_only_subscriptions_go_on() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::modern(&sandbox);
    let listen = client.request("subscriptions/listen", &json!({"notifications": {"toolsListChanged": true}}));
    let subscription = json!({"io.modelcontextprotocol/subscriptionId": listen});
    assert_eq!(client.hear()["params"]["_meta"], subscription);
    let id = client.call("kill");
    client.hear_answer(id);
    let (before, answer) = client.echo();
    assert_eq!(answer["heard"], json!(["server/discover", "subscriptions/listen", "tools/call"]));
    let [told] = &before[..] else { panic!("{before:?}") };
    assert_eq!(told["method"], "notifications/tools/list_changed");
    assert_eq!(told["params"]["_meta"], subscription);
    client.finish();
}

#[test]
fn a_server_that_dies_of_a_discover_is_started_again_without_it() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::run(&sandbox, &[], &["mortal"]);
    let id = client.request("server/discover", &json!({}));
    assert_eq!(client.hear_answer(id)["error"]["code"], -32601);
    client.initialize();
    assert_eq!(client.echo().1["heard"], json!(["initialize", "notifications/initialized", "tools/call"]));
    client.finish();
}

#[test]
fn an_exact_relay_changes_no_answer_and_says_nothing_of_lists() {
    for (options, is_told) in [(&[][..], true), (&["--exact"], false)] {
        let sandbox = Sandbox::new();
        let mut client = Scripted::run(&sandbox, options, &[]);
        let capabilities = client.initialize()["result"]["capabilities"].clone();
        let tools = if is_told { json!({"listChanged": true}) } else { json!({}) };
        assert_eq!(capabilities["tools"], tools);
        let id = client.call("kill");
        client.hear_answer(id);
        assert_eq!(client.echo().0, if is_told { vec![changed()] } else { Vec::new() });
        client.finish();
    }
}
