//! `mcp-hook mcp` in the hands of clients that nobody here wrote: the official SDKs and the inspector. All but the Rust SDK hold
//! each result against the schema that its tool has for it.

use std::ffi::OsString;

use serde_json::{Value, json};

use crate::support::defined_session::{define, entry};
use crate::support::real_servers::{Client, EntryPoint, Era, Sdk, World};
use crate::support::{Output, Shell, Terminal, wait};

const TOOLS: [&str; 6] =
    ["server_status", "server_logs", "server_check", "server_start", "server_stop", "server_restart"];

#[test]
fn python_client_looks_after_a_server() {
    look_after_a_server(Sdk::Python, Era::Handshake);
}

#[test]
fn typescript_client_looks_after_a_server() {
    look_after_a_server(Sdk::TypeScript, Era::Handshake);
}

#[test]
fn rust_client_looks_after_a_server() {
    look_after_a_server(Sdk::Rust, Era::Handshake);
}

#[test]
fn stateless_python_client_looks_after_a_server() {
    look_after_a_server(Sdk::Python, Era::Stateless);
}

#[test]
fn stateless_typescript_client_looks_after_a_server() {
    look_after_a_server(Sdk::TypeScript, Era::Stateless);
}

#[test]
fn stateless_rust_client_looks_after_a_server() {
    look_after_a_server(Sdk::Rust, Era::Stateless);
}

/// The clients hand on few variables: the session is found by who has started them.
fn look_after_a_server(sdk: Sdk, era: Era) {
    let world = World::new();
    definitions(&world);
    let words = [env!("CARGO_BIN_EXE_mcp-hook"), "mcp"].map(OsString::from);
    let (mut client, names) = Client::connect_in_session(&world, sdk, era, &words);
    assert_eq!(names, json!(TOOLS));
    let web = json!({ "name": "web" });
    let status = said(&mut client, "server_status", &json!({}));
    assert_eq!(status, "no servers run in this session\ncan be started: time, web");
    let started = said(&mut client, "server_start", &web);
    assert!(said(&mut client, "server_status", &web).starts_with("web: running, for "));
    // Another thread writes it than the one that calls the server ready.
    let lines = json!({ "name": "web", "lines": 5 });
    wait::until("it is written down", || said(&mut client, "server_logs", &lines).contains(" out up").then_some(()));
    assert!(said(&mut client, "server_check", &json!({ "name": "time" })).starts_with("✓ time"));
    let restarted = said(&mut client, "server_restart", &web);
    assert!(pid(&started) != pid(&restarted), "{started}\n{restarted}");
    assert!(said(&mut client, "server_stop", &web).starts_with("stopped web after "));

    assert!(said(&mut client, "server_start", &json!({ "name": "nobody" })).starts_with("could not start nobody: "));
    assert!(said(&mut client, "server_stop", &json!({ "name": "../x" })).contains("hint: server_status shows"));
    let lines = json!({ "name": "web", "lines": "many" });
    assert!(said(&mut client, "server_logs", &lines).starts_with("argument \"lines\" has to be "));
    client.call("server_explode", &json!({}));
    let refused = client.expect("error");
    assert_eq!(refused["code"], -32602, "{refused}");
    client.close();
    world.sandbox.assert_clean();
}

/// What the client shows of a result.
#[track_caller]
fn said(client: &mut Client, tool: &str, arguments: &Value) -> String {
    client.call(tool, arguments);
    client.expect("text")["text"].as_str().expect("a text").to_owned()
}

/// The pid in the first line.
#[track_caller]
fn pid(started: &str) -> &str {
    let (first, _) = started.split_once('\n').expect("what was done, and what is so now");
    first.strip_prefix("started web, pid ").unwrap_or_else(|| panic!("it was not started: {started}"))
}

#[test]
fn the_inspector_lists_the_tools_and_calls_each() {
    let world = World::new();
    definitions(&world);
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    let listed = inspect(&world, &mut terminal, "--method tools/list").ok().json();
    let tools: Value = serde_json::from_str(include_str!("../../src/mcp/agent/tools.json")).unwrap();
    assert_eq!(listed["tools"], tools);

    for (tool, name, state) in
        [("server_start", "web", "running"), ("server_restart", "web", "running"), ("server_stop", "web", "stopped")]
    {
        let result = call(&world, &mut terminal, tool, name).ok().json();
        assert_eq!(result["structuredContent"]["server"]["state"], state, "{result}");
    }
    let status = call(&world, &mut terminal, "server_status", "web").ok().json();
    assert_eq!(status["structuredContent"]["servers"][0]["restarts"], 1, "{status}");
    let log = call(&world, &mut terminal, "server_logs", "web").ok().json();
    assert_eq!(log["structuredContent"]["left_out"], 0, "{log}");
    let checked = call(&world, &mut terminal, "server_check", "time").ok().json();
    assert_eq!(checked["structuredContent"]["state"], "ok", "{checked}");

    let refused = call(&world, &mut terminal, "server_start", "nobody");
    assert!(refused.code() != 0 && refused.stdout.contains("could not start nobody: "), "{refused}");
    terminal.send_line("exit");
    terminal.wait_exit();
}

fn call(world: &World, terminal: &mut Terminal<'_>, tool: &str, name: &str) -> Output {
    inspect(world, terminal, &format!("--method tools/call --tool-name {tool} --tool-arg name={name}"))
}

/// Each call has a client of its own, and a server: all of them in the terminal's session.
fn inspect(world: &World, terminal: &mut Terminal<'_>, words: &str) -> Output {
    let inspector = world.installed("node/node_modules/.bin/mcp-inspector");
    terminal.run(&format!("{} --cli mcp-hook mcp {words} </dev/null", inspector.display()))
}

/// The definitions of `web`, which lives on, and of `time`, which somebody else wrote.
fn definitions(world: &World) {
    let words = EntryPoint::Time.words(world);
    let time = json!({ "command": words[0].to_str().unwrap() });
    define(&world.sandbox, &json!({ "web": entry(&json!({})), "time": time }));
}
