//! Clients on the official SDKs whose server dies under them: the call that was running fails, the next ones are answered.

use std::ffi::OsString;

use serde_json::{Value, json};

use crate::support::process::Process;
use crate::support::real_servers::{Client, EntryPoint, Era, Lives, Sdk, World};
use crate::support::wait::Deadline;

const NAME: &str = "dying";
/// A resource of the reference server.
const RESOURCE: &str = "demo://resource/dynamic/text/1";
/// That of `tests/fixtures/updating_server.py`.
const NOTE: &str = "note://text";

#[test]
fn python_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::Python, Era::Handshake);
}

#[test]
fn typescript_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::TypeScript, Era::Handshake);
}

#[test]
fn rust_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::Rust, Era::Handshake);
}

#[test]
fn stateless_python_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::Python, Era::Stateless);
}

#[test]
fn stateless_typescript_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::TypeScript, Era::Stateless);
}

#[test]
fn stateless_rust_client_goes_on_after_its_server_died_in_a_call() {
    die_in_a_call(Sdk::Rust, Era::Stateless);
}

#[test]
fn python_client_is_still_subscribed_after_its_server_died() {
    go_on_being_subscribed(Sdk::Python);
}

#[test]
fn typescript_client_is_still_subscribed_after_its_server_died() {
    go_on_being_subscribed(Sdk::TypeScript);
}

#[test]
fn rust_client_is_still_subscribed_after_its_server_died() {
    go_on_being_subscribed(Sdk::Rust);
}

#[test]
fn stateless_python_client_hears_of_a_resource_after_its_server_died() {
    go_on_hearing_of_updates(Sdk::Python);
}

#[test]
fn stateless_typescript_client_hears_of_a_resource_after_its_server_died() {
    go_on_hearing_of_updates(Sdk::TypeScript);
}

#[test]
fn stateless_rust_client_hears_of_a_resource_after_its_server_died() {
    go_on_hearing_of_updates(Sdk::Rust);
}

/// Neither of the servers has subscriptions of its own to changes of its list, or tells of any; the client hears of the
/// change that a new life may bring all the same.
fn die_in_a_call(sdk: Sdk, era: Era) {
    let world = World::new();
    for server in [EntryPoint::FastMcp, EntryPoint::Rmcp] {
        let mut client = Client::connect_in(&world, sdk, era, &server.run_words(&world, NAME));
        client.listen(None);
        let first = pid(&mut client);
        client.call("die", &json!({}));
        assert_died(&client.expect("error"));
        client.expect("changed");
        let second = pid(&mut client);
        assert_ne!(first, second);
        assert_eq!(pid(&mut client), second, "it stays");
        close(client, &world);
    }
}

fn pid(client: &mut Client) -> String {
    client.call("pid", &json!({}));
    client.expect("text")["text"].as_str().expect("a text").to_owned()
}

/// What a person, a model and a program are told.
fn assert_died(error: &Value) {
    assert_eq!(error["code"], -32603, "{error}");
    let message = error["message"].as_str().expect("a text");
    assert!(message.contains("The MCP server \"dying\" ended"), "{message}");
    assert!(message.contains("The call may have had effects; it was not repeated."), "{message}");
    let data = &error["data"];
    assert_eq!((&data["source"], &data["server"]), (&json!("mcp-hook"), &json!(NAME)), "{error}");
    assert_eq!(data["restarting"], true, "{error}");
    assert!(data["exit"]["signal"].is_number() && data["stderr"].is_array(), "{error}");
}

/// The reference server tells of a resource only whoever has subscribed to it, which the client did once.
fn go_on_being_subscribed(sdk: Sdk) {
    let world = World::new();
    let server = EntryPoint::Everything;
    let mut client = Client::connect_in(&world, sdk, Era::Handshake, &server.run_words(&world, NAME));
    let mut lives = Lives::below(client.process());
    lives.next();
    client.listen(Some(RESOURCE));
    let long = json!({"duration": 1000, "steps": 2});
    lives.kill_in_the_middle_of(|| client.call("trigger-long-running-operation", &long));
    assert_died(&client.expect("error"));
    client.call("toggle-subscriber-updates", &json!({}));
    // It tells of changes of its list by itself, too.
    let mut told: Vec<Value> = std::iter::repeat_with(|| client.expect_any()).filter(is_no_change).take(2).collect();
    told.sort_by_key(|event| event["event"].to_string());
    assert!(told[0]["text"].as_str().is_some_and(|text| text.starts_with("Started")), "{told:?}");
    assert_eq!(told[1], json!({"event": "updated", "uri": RESOURCE}));
    lives.next();
    close(client, &world);
}

/// A server that has subscriptions of its own is told of the client's by the relay; the client listens once.
fn go_on_hearing_of_updates(sdk: Sdk) {
    let world = World::new();
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/updating_server.py");
    let words = [env!("CARGO_BIN_EXE_mcp-hook"), "run", NAME, "--"].map(OsString::from);
    let words = [&words[..], &[world.installed("python/bin/python").into(), server.into()]].concat();
    let mut client = Client::connect_in(&world, sdk, Era::Stateless, &words);
    let mut lives = Lives::below(client.process());
    client.listen(Some(NOTE));
    let line = json!({"line": "once more"});
    for _ in 0..2 {
        let pid = lives.next().pid;
        client.call("write", &line);
        let mut told = [client.expect_any(), client.expect_any()];
        told.sort_by_key(|event| event["event"].to_string());
        let answer = json!({"event": "text", "text": format!("pid {pid}")});
        assert_eq!(told, [answer, json!({"event": "updated", "uri": NOTE})]);
        lives.kill_in_the_middle_of(|| client.call("write", &line));
        assert_died(&client.expect("error"));
        client.expect("changed");
    }
    close(client, &world);
}

fn is_no_change(event: &Value) -> bool {
    event["event"] != "changed"
}

/// Nothing of any life is left.
fn close(client: Client, world: &World) {
    let below = client.process().descendants();
    client.close();
    for process in below.into_iter().chain(world.sandbox.survivors()) {
        assert!(process.gone_by(Deadline::usual()), "still alive: {process}");
    }
    assert_eq!(world.sandbox.survivors(), Vec::<Process>::new());
}
