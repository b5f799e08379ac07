//! Claude Code, Codex and Gemini CLI with a server that dies, is restarted or held up: `mcp-hook run` stands in front of it, and
//! behind the client a stand-in for its model's API, which asks for calls. What counts is what the client hands over to its model.
//!
//! Without mcp-hook all three lose a server that dies: Codex and Gemini CLI at once, Claude Code in a terminal after one more
//! call.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::real_servers::mortal::wait_held;
use crate::support::real_servers::{END, Model, Mortal, Product, Snapshot, TerminalClient, World};
use crate::support::{Process, Shell, Terminal};

/// A call, one in which the server dies, two more.
const CALLS: [&str; 4] = ["tell_pid", "fall_over", "tell_pid", "tell_pid"];

/// The same, and a tool that the server has only in its second life: for clients that list the tools again when they are told to.
const CALLS_AND_NEW_TOOL: [&str; 5] = ["tell_pid", "fall_over", "tell_pid", "tell_pid", "remember"];

#[test]
fn claude_code_keeps_a_server_that_dies() {
    keep(Product::ClaudeCode, Mortal::BothEras, &CALLS_AND_NEW_TOOL);
}

#[test]
fn claude_code_keeps_a_server_of_the_older_era_that_dies() {
    keep(Product::ClaudeCode, Mortal::Handshake, &CALLS_AND_NEW_TOOL);
}

#[test]
fn interactive_claude_code_keeps_a_server_that_dies() {
    talk(Mortal::BothEras);
}

#[test]
fn interactive_claude_code_keeps_a_server_of_the_older_era_that_dies() {
    talk(Mortal::Handshake);
}

#[test]
fn codex_keeps_a_server_that_dies() {
    keep(Product::Codex, Mortal::BothEras, &CALLS);
}

/// It does so only if it is asked to, as of now.
#[test]
fn codex_that_heeds_changed_tools_has_those_of_the_new_process() {
    keep(Product::Codex, Mortal::Handshake, &CALLS_AND_NEW_TOOL);
}

#[test]
fn gemini_cli_keeps_a_server_that_dies() {
    keep(Product::GeminiCli, Mortal::Handshake, &CALLS_AND_NEW_TOOL);
}

#[test]
fn claude_code_gets_a_server_that_fails_at_first() {
    start_late(Product::ClaudeCode, Mortal::BothEras);
}

#[test]
fn codex_gets_a_server_that_fails_at_first() {
    start_late(Product::Codex, Mortal::Handshake);
}

#[test]
fn gemini_cli_gets_a_server_that_fails_at_first() {
    start_late(Product::GeminiCli, Mortal::Handshake);
}

#[test]
fn a_restart_in_the_middle_of_a_call_of_claude_code_fails_that_call_only() {
    restart(Product::ClaudeCode, Mortal::BothEras);
}

#[test]
fn a_restart_in_the_middle_of_a_call_of_codex_fails_that_call_only() {
    restart(Product::Codex, Mortal::Handshake);
}

#[test]
fn a_restart_in_the_middle_of_a_call_of_gemini_cli_fails_that_call_only() {
    restart(Product::GeminiCli, Mortal::BothEras);
}

#[test]
fn killed_claude_code_leaves_nothing_of_a_server_in_its_second_life() {
    kill(Product::ClaudeCode, Mortal::BothEras);
}

#[test]
fn killed_codex_leaves_nothing_of_a_server_in_its_second_life() {
    kill(Product::Codex, Mortal::Handshake);
}

#[test]
fn killed_gemini_cli_leaves_nothing_of_a_server_in_its_second_life() {
    kill(Product::GeminiCli, Mortal::Handshake);
}

#[test]
fn closed_window_of_claude_code_leaves_nothing_of_a_server_in_its_second_life() {
    let world = World::new();
    let model = Model::asking_for(&world, &["fall_over", "hold"]);
    let Some(client) = TerminalClient::new(Product::ClaudeCode, &world, &model, &Mortal::Handshake.run_words(&world))
    else {
        return;
    };
    let mut terminal = open(&world, &client);
    wait_held(&world);
    let tree = Snapshot::below(&world, terminal.process());
    terminal.close_window();
    terminal.wait_exit();
    tree.assert_gone(&world, &[model.process()]);
}

/// The client makes all of the calls and leaves.
fn keep(product: Product, server: Mortal, calls: &[&str]) {
    let world = World::new();
    let model = Model::asking_for(&world, calls);
    let Some(client) = TerminalClient::new(product, &world, &model, &server.run_words(&world)) else {
        return;
    };
    let heeds_changes = product == Product::Codex && calls.contains(&"remember");
    let more: &[&str] = if heeds_changes { &["--enable", "mcp_tool_list_changed"] } else { &[] };
    client.start("continue", more).expect(END);
    assert_two_lives(&model);
    assert_told(&model, "fall_over", "ended (signal 9)");
    if calls.contains(&"remember") {
        assert!(model.results("remember")[0].contains("there was a life before"), "{model}");
    }
    world.sandbox.assert_clean_but(&[model.process()]);
}

/// The same by somebody who types; after that, only the shell is left.
fn talk(server: Mortal) {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS_AND_NEW_TOOL);
    let Some(client) = TerminalClient::new(Product::ClaudeCode, &world, &model, &server.run_words(&world)) else {
        return;
    };
    let mut terminal = open(&world, &client);
    terminal.wait_for(END);
    let tree = Snapshot::below(&world, terminal.process());
    terminal.send("/exit");
    terminal.wait_for("/exit");
    terminal.send("\r");
    terminal.wait_for("<<left>>");
    tree.assert_gone(&world, &[terminal.process(), model.process()]);
    assert_two_lives(&model);
    assert_told(&model, "fall_over", "ended (signal 9)");
    assert!(model.results("remember")[0].contains("there was a life before"), "{model}");
    terminal.send_line("exit");
    terminal.wait_exit();
}

/// Claude Code in a terminal, with its first prompt. That is one word: what is drawn has no blanks between words.
fn open<'w>(world: &'w World, client: &TerminalClient<'_>) -> Terminal<'w> {
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    terminal.resize(50, 120);
    terminal.send_line(&format!("{}; printf '<<%s>>' left", client.line()));
    terminal.wait_for("\u{276f}");
    terminal.send("continue");
    terminal.wait_for("continue");
    terminal.send("\r");
    terminal
}

/// Twice the server ends before it has read a byte, as it does when a network is only coming up.
fn start_late(product: Product, server: Mortal) {
    let world = World::new();
    let model = Model::asking_for(&world, &["tell_pid"]);
    let script = r#"echo again >>"$0"; test "$(wc -l <"$0")" -gt 2 || exit 1; exec "$@""#;
    let starts = world.sandbox.path("starts");
    let late = ["sh".into(), "-c".into(), script.into(), starts.clone().into_os_string()];
    let mut words = server.run_words(&world);
    let program = words.iter().position(|word| word == "--").expect("before the program") + 1;
    words.splice(program..program, late);
    let Some(client) = TerminalClient::new(product, &world, &model, &words) else {
        return;
    };
    client.start("continue", &[]).expect(END);
    assert!(pid(&model.results("tell_pid")[0]).is_some(), "{model}");
    assert_eq!(fs::read_to_string(starts).unwrap().lines().count(), 3);
    world.sandbox.assert_clean_but(&[model.process()]);
}

/// Somebody restarts the server while it works on a call.
fn restart(product: Product, server: Mortal) {
    let world = World::new();
    let model = Model::asking_for(&world, &["tell_pid", "hold", "tell_pid", "tell_pid"]);
    let Some(client) = TerminalClient::new(product, &world, &model, &server.run_words(&world)) else {
        return;
    };
    let running = client.start("continue", &[]);
    wait_held(&world);
    let session = world.sandbox.status()["sessions"][0]["id"].as_str().expect("a session").to_owned();
    // It fails where the client has left before the new process counts as ready.
    let _ = world.sandbox.hook(["restart", "--session", &session, "mortal"]);
    running.expect(END);
    assert_two_lives(&model);
    assert_told(&model, "hold", "was ended because it was restarted");
    world.sandbox.assert_clean_but(&[model.process()]);
}

/// The client is killed while the server, in its second life, works on a call.
fn kill(product: Product, server: Mortal) {
    let world = World::new();
    let model = Model::asking_for(&world, &["fall_over", "hold"]);
    let Some(client) = TerminalClient::new(product, &world, &model, &server.run_words(&world)) else {
        return;
    };
    let running = client.start("continue", &[]);
    wait_held(&world);
    let tree = Snapshot::below(&world, running.process());
    // Some are started by a launcher, which ends by itself.
    let keeper = tree.keeper("mortal").stat().expect("it is alive");
    Process::with_pid(keeper.parent).expect("it runs").signal(Signal::SIGKILL);
    tree.assert_gone(&world, &[model.process()]);
    assert_told(&model, "fall_over", "ended (signal 9)");
}

/// The first call has been answered by one process, all others by another.
fn assert_two_lives(model: &Model) {
    let told = model.results("tell_pid");
    let told: Vec<_> =
        told.iter().map(|text| pid(text).unwrap_or_else(|| panic!("no pid in {text}\n{model}"))).collect();
    assert!(told.len() >= 3 && told[0] != told[1], "{told:?}\n{model}");
    assert!(told[1..].iter().all(|pid| *pid == told[1]), "{told:?}\n{model}");
}

/// The model has been told what became of the server during a call, whatever the client adds to it.
fn assert_told(model: &Model, tool: &str, end: &str) {
    let expected = format!(
        "The MCP server \"mortal\" {end} while it worked on this call. The call may have had effects; it was not repeated. \
         It is being started again: the next call will reach it."
    );
    // Some clients put it into JSON, and that into JSON.
    let told: Vec<_> = model.results(tool).iter().map(|text| text.replace('\\', "")).collect();
    assert!(told.len() == 1 && told[0].contains(&expected), "{told:?}\n{model}");
}

fn pid(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("pid ")?;
    rest.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}
