//! A server that dies under a client of the terminal: `mcp-hook run` stands in front of it, and behind the client a stand-in for its
//! model's API, which asks for calls. What counts is what the client hands over to its model.
//!
//! Without mcp-hook all three lose the server: Codex and Gemini CLI at once, Claude Code in a terminal after one more call.

use std::ffi::OsString;

use crate::support::real_servers::{END, Model, Snapshot, TerminalClient, World};
use crate::support::{Shell, Terminal};

/// A call, one in which the server dies, two more.
const CALLS: [&str; 4] = ["tell_pid", "fall_over", "tell_pid", "tell_pid"];

/// The same, and a tool that the server has only in its second life: for clients that list the tools again when they are told to.
const CALLS_AND_NEW_TOOL: [&str; 5] = ["tell_pid", "fall_over", "tell_pid", "tell_pid", "remember"];

#[test]
fn claude_code_keeps_a_server_that_dies() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    claude_code_prints(&world, &model, &stateless(&world));
}

#[test]
fn claude_code_keeps_a_server_that_dies_after_a_handshake() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    claude_code_prints(&world, &model, &with_handshake(&world));
}

#[test]
fn interactive_claude_code_keeps_a_server_that_dies() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    claude_code_talks(&world, &model, &stateless(&world));
}

#[test]
fn interactive_claude_code_keeps_a_server_that_dies_after_a_handshake() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    claude_code_talks(&world, &model, &with_handshake(&world));
}

#[test]
fn codex_keeps_a_server_that_dies() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS);
    if let Some(client) = TerminalClient::codex(&world, &model, &stateless(&world)) {
        run_to_its_end(&world, &model, &client, &["continue"]);
    }
}

#[test]
fn gemini_cli_keeps_a_server_that_dies() {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    if let Some(client) = TerminalClient::gemini_cli(&world, &model, &with_handshake(&world)) {
        run_to_its_end(&world, &model, &client, &["continue"]);
        assert_new_tool(&model);
    }
}

fn claude_code_prints(world: &World, model: &Model, server: &[OsString]) {
    if let Some(client) = TerminalClient::claude_code(world, model, server) {
        run_to_its_end(world, model, &client, &["--print", "continue"]);
        assert_new_tool(model);
    }
}

/// The prompt is one word: what is drawn in a terminal has no blanks between words.
fn claude_code_talks(world: &World, model: &Model, server: &[OsString]) {
    let Some(client) = TerminalClient::claude_code(world, model, server) else {
        return;
    };
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    terminal.resize(50, 120);
    terminal.send_line(&format!("{}; printf '<<%s>>' left", client.line()));
    terminal.wait_for("\u{276f}");
    terminal.send("continue");
    terminal.wait_for("continue");
    terminal.send("\r");
    terminal.wait_for(END);
    let tree = Snapshot::below(world, terminal.process());
    terminal.send("/exit");
    terminal.wait_for("/exit");
    terminal.send("\r");
    terminal.wait_for("<<left>>");
    tree.assert_gone(world, &[terminal.process(), model.process()]);
    assert_served(model);
    assert_new_tool(model);
    terminal.send_line("exit");
    terminal.wait_exit();
}

fn run_to_its_end(world: &World, model: &Model, client: &TerminalClient<'_>, arguments: &[&str]) {
    let said = world.sandbox.run(client.command().args(arguments)).ok();
    assert!(said.stdout.contains(END), "{said}\n{model}");
    assert_served(model);
    world.sandbox.assert_clean_but(&[model.process()]);
}

/// The model has been told by one process, then of its end and that the call was not repeated, and then by another process.
fn assert_served(model: &Model) {
    let told = model.results("tell_pid");
    let told: Vec<_> = told.iter().map(|text| pid(text).unwrap_or_else(|| panic!("no pid in {text}"))).collect();
    assert!(told.len() >= 3 && told[0] != told[1], "{told:?}");
    assert!(told[1..].iter().all(|pid| *pid == told[1]), "{told:?}");
    let failed = model.results("fall_over");
    // Some clients put it into JSON, and that into JSON.
    let failed: Vec<_> = failed.iter().map(|text| text.replace('\\', "")).collect();
    assert!(failed.len() == 1 && failed[0].contains(ERROR), "{failed:?}");
}

/// What is handed to the model for the call in which the server died, whatever the client adds.
const ERROR: &str = "The MCP server \"mortal\" ended (signal 9) while it worked on this call. The call may have had effects; \
                     it was not repeated. It is being started again: the next call will reach it.";

fn assert_new_tool(model: &Model) {
    let told = model.results("remember");
    assert!(told.len() == 1 && told[0].contains("there was a life before"), "{told:?}");
}

fn pid(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("pid ")?;
    rest.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// A server on the Python SDK: it speaks both eras, and Claude Code speaks the newer one with it.
fn stateless(world: &World) -> Vec<OsString> {
    behind_run(world, &[world.installed("python/bin/python").into(), fixture("mortal_server.py")], &[])
}

/// One on the TypeScript SDK, which speaks the older era only.
fn with_handshake(world: &World) -> Vec<OsString> {
    behind_run(world, &["node".into(), fixture("mortal_server.cjs")], &[world.installed("node").into()])
}

fn behind_run(world: &World, program: &[OsString], more: &[OsString]) -> Vec<OsString> {
    let run = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "mortal", "--"].map(OsString::from);
    let grave = world.sandbox.path("grave").into_os_string();
    [&run[..], program, &[grave], more].concat()
}

fn fixture(name: &str) -> OsString {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR")).into()
}
