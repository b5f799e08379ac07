//! A server that fails too often, under a client that keeps its connection.

use serde_json::{Value, json};

use crate::support::{Sandbox, Scripted, wait};

fn changed() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
}

#[test]
fn after_five_failures_in_a_minute_every_request_is_answered_at_once_until_somebody_restarts_it() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "die 3", "die 3", "die 3", "die 3", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("kill");
    client.hear_answer(id);
    client.await_state("idle");
    let id = client.call("echo");
    let message = client.hear_answer(id)["error"]["message"].clone();
    assert_eq!(
        message,
        "The MCP server \"server\" did not get this call: it failed 5 times within 60 s, last with exit status 3; mcp-hook \
         restart server brings it back, and so does a call 60 s later."
    );
    client.hook("restart").ok();
    assert_eq!(client.echo().0, [changed()]);
    client.finish();
}

#[test]
fn after_a_minute_the_next_request_brings_it_back() {
    let sandbox = Sandbox::new();
    sandbox.env("MCP_HOOK_FAILPOINT", "rest-after-failures");
    Scripted::plan(&sandbox, &["", "die 3", "die 3", "die 3", "die 3", "die 3", ""]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("kill");
    client.hear_answer(id);
    await_end_of_rest(&client, 5);
    client.await_log("not started again: it failed 5 times within 60 s, last with exit status 3");
    // One failure more is one too many again.
    let id = client.call("echo");
    let error = client.hear_answer(id)["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("it failed 5 times within 60 s"), "{error}");
    await_end_of_rest(&client, 6);
    assert_eq!(client.echo().0, [changed()]);
    assert_eq!(client.lives(), 7);
    client.finish();
}

/// Waits until the server has lived so often and is not kept from being started again.
#[track_caller]
fn await_end_of_rest(client: &Scripted<'_>, lives: usize) {
    let state = || client.record().map(|record| record["state"].clone());
    let is_over = |state: &Value| state["is"] == "idle" && state["cause"].is_null() && client.lives() == lives;
    wait::until("the end of its rest", || state().filter(is_over));
}
