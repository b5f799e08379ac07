//! The protocol's own suite for clients, whose servers watch what they are sent: `check --connect --url` is such a client.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Output;
use crate::support::real_servers::World;

/// Runs a scenario, which starts its server and our command. Returns what it says, and where it wrote more.
fn run(world: &World, scenario: &str) -> (Output, PathBuf) {
    let suite = world.installed("node/node_modules/@modelcontextprotocol/conformance/dist/index.js");
    let client = format!("{} check --connect --json --timeout 10m --url", env!("CARGO_BIN_EXE_mcp-hook"));
    let results = world.sandbox.home().join("results");
    let mut command = world.sandbox.command("node");
    command.arg(suite).args(["client", "--timeout", "600000", "--scenario", scenario, "--command", &client]);
    let output = world.sandbox.run(command.arg("--output-dir").arg(&results));
    let place = results.join(scenario);
    let parent = place.parent().unwrap();
    let written = fs::read_dir(parent).unwrap_or_else(|error| panic!("{error}\n{output}")).next().unwrap().unwrap();
    (output, written.path())
}

/// What the scenario has seen of one kind.
fn seen(written: &Path, id: &str) -> Vec<Value> {
    let checks: Value = serde_json::from_slice(&fs::read(written.join("checks.json")).unwrap()).unwrap();
    checks.as_array().unwrap().iter().filter(|check| check["id"] == id).cloned().collect()
}

/// What it thinks of that: `SUCCESS`, `FAILURE` or the like.
fn status(written: &Path, id: &str) -> Vec<Value> {
    seen(written, id).iter().map(|check| check["status"].clone()).collect()
}

fn checked(written: &Path) -> Value {
    let report: Value = serde_json::from_slice(&fs::read(written.join("stdout.txt")).unwrap()).unwrap();
    report["servers"][0].clone()
}

#[test]
fn the_handshake_is_that_of_a_client() {
    let world = World::new();
    let (output, written) = run(&world, "initialize");
    assert_eq!(status(&written, "mcp-client-initialization"), ["SUCCESS"], "{output}");
    let server = checked(&written);
    assert_eq!((&server["protocol"], &server["server"]["name"]), (&"2025-11-25".into(), &"test-server".into()));
    output.ok();
}

/// The scenario wants a tool to be called, and says that none was.
#[test]
fn tools_are_listed_and_none_is_called() {
    let world = World::new();
    let (output, written) = run(&world, "tools_call");
    assert_eq!(status(&written, "tool-add-numbers"), ["FAILURE"], "{output}");
    let methods: Vec<_> =
        seen(&written, "incoming-request").iter().map(|check| check["details"]["mcpMethod"].clone()).collect();
    assert_eq!(methods, ["server/discover", "initialize", "notifications/initialized", "tools/list"], "{output}");
    let server = checked(&written);
    assert_eq!((&server["tools"], &server["state"]), (&1.into(), &"ok".into()), "{server:#}");
}

/// The scenario wants a login to be made. Its documents are found, and none is.
#[test]
fn a_server_that_wants_a_login_is_told_by_its_documents() {
    let world = World::new();
    let (output, written) = run(&world, "auth/metadata-default");
    assert_eq!(status(&written, "prm-pathbased-requested"), ["SUCCESS"], "{output}");
    assert_eq!(status(&written, "token-request"), ["FAILURE"], "{output}");
    let server = checked(&written);
    assert_eq!(server["findings"][0]["code"], "needs-login", "{server:#}");
}
