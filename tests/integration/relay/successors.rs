//! What a successor says before it is one, and what becomes of one that is of no use.

use serde_json::{Value, json};

use crate::support::{Sandbox, Scripted};

type Begin = fn(&Sandbox) -> Scripted<'_>;

const BOTH_ERAS: [Begin; 2] = [legacy, modern];

fn legacy(sandbox: &Sandbox) -> Scripted<'_> {
    Scripted::legacy(sandbox, &[])
}

fn modern(sandbox: &Sandbox) -> Scripted<'_> {
    Scripted::modern(sandbox)
}

#[track_caller]
fn kill(client: &mut Scripted<'_>) {
    let id = client.call("kill");
    client.hear_answer(id);
}

#[test]
fn one_that_does_not_speak_as_its_predecessor_did_has_failed_and_the_one_after_it_serves() {
    for (begin, why) in BOTH_ERAS.into_iter().zip(["refused the handshake", "does not speak the protocol"]) {
        let sandbox = Sandbox::new();
        Scripted::plan(&sandbox, &["", "refuse", ""]);
        let mut client = begin(&sandbox);
        kill(&mut client);
        client.echo();
        assert_eq!(client.lives(), 3);
        for text in [why, "of its predecessor", "not today"] {
            client.await_log(text);
        }
        client.finish();
    }
}

#[test]
fn one_that_leaves_at_its_first_request_has_failed_whatever_its_status_and_calls_are_told_how_it_comes_back() {
    for begin in BOTH_ERAS {
        let sandbox = Sandbox::new();
        Scripted::plan(&sandbox, &["", "leave", "leave", "leave", "leave", ""]);
        let mut client = begin(&sandbox);
        kill(&mut client);
        client.await_state("idle");
        let id = client.call("echo");
        let message = client.hear_answer(id)["error"]["message"].as_str().unwrap().to_owned();
        let cause = "it failed 5 times within 60 s, last with exit status 0";
        let way = "mcp-hook restart server brings it back, and so does a call 60 s later.";
        assert!(message.contains(cause) && message.ends_with(way), "{message}");
        client.hook("restart").ok();
        client.echo();
        client.finish();
    }
}

#[test]
fn one_that_says_too_much_before_its_first_answer_loses_the_rest_of_it_and_waits_for_nobody() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "flood 1000"]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    kill(&mut client);
    let (before, answer) = client.echo();
    let numbers: Vec<u64> = before.iter().filter_map(|message| message["params"]["number"].as_u64()).collect();
    assert_eq!(numbers, (0..256).collect::<Vec<_>>());
    assert!(answer["heard"].as_array().unwrap().contains(&json!("answer")), "{answer}");
    client.await_log("it said so much before it answered the first request that 745 messages were dropped");
    client.finish();
}

#[test]
fn one_with_a_long_first_answer_serves() {
    for begin in BOTH_ERAS {
        let sandbox = Sandbox::new();
        Scripted::plan(&sandbox, &["", "long"]);
        let mut client = begin(&sandbox);
        kill(&mut client);
        client.echo();
        assert_eq!(client.lives(), 2);
        client.finish();
    }
}

#[test]
fn of_an_array_only_what_this_life_was_asked_reaches_the_client() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let array = |client: &mut Scripted<'_>, other: u64| {
        client.request("tools/call", &json!({"name": "array", "arguments": {"other": other}}))
    };
    let id = array(&mut client, 77);
    let both: Vec<Value> = client.hear().as_array().unwrap().iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(both, [json!(77), json!(id)]);
    let answered = array(&mut client, id);
    client.hear_answer(answered);
    kill(&mut client);
    assert_eq!(client.hear()["method"], "notifications/tools/list_changed");
    let id = array(&mut client, 77);
    client.hear_answer(id);
    client.finish();
}

#[test]
fn a_restart_between_two_tries_forgets_the_failures() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "die 3", "die 3", "die 3", "die 3", "die 3", "die 3", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    kill(&mut client);
    client.await_log("will be started again in 1.00 s");
    client.hook("restart");
    client.echo();
    assert_eq!(client.lives(), 8);
    client.finish();
}

#[test]
fn what_a_client_began_with_at_too_great_length_is_named_where_its_server_does_not_come_back() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::run(&sandbox, &[], &[]);
    let params = json!({"protocolVersion": "2025-11-25", "clientInfo": {"name": "test", "icon": "x".repeat(2 << 20)}});
    let id = client.request("initialize", &params);
    client.hear_answer(id);
    kill(&mut client);
    client.await_state("idle");
    let id = client.call("echo");
    let message = client.hear_answer(id)["error"]["message"].as_str().unwrap().to_owned();
    let cause = "last because it did not serve its client any more (its client's first request was too long to be kept and said again)";
    assert!(message.contains(cause), "{message}");
    client.finish();
}
