//! The live view on a real terminal, with a server that a client talks to.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::{Sandbox, Scripted, Shell, Terminal};

/// A terminal with the view in it, and a client with a server in its session.
fn watch(sandbox: &Sandbox) -> (Terminal<'_>, Scripted<'_>) {
    let mut terminal = Terminal::open(sandbox, Shell::Bash);
    let session = terminal.variable("MCP_SESSION_ID");
    let client = Scripted::legacy(sandbox, &["--session", &session]);
    client.await_state("running");
    terminal.wait_prompt();
    terminal.send_line("TERM=xterm mcp-hook status --watch; echo \"sta\"tus:$?:");
    (terminal, client)
}

#[track_caller]
fn quit(mut terminal: Terminal<'_>) {
    terminal.send("q");
    terminal.wait_for("status:0:");
}

#[test]
fn it_shows_what_passes_while_it_passes_and_over_the_lives_of_the_server() {
    let sandbox = Sandbox::new();
    let (mut terminal, mut client) = watch(&sandbox);
    terminal.wait_for("initialize");
    client.echo();
    terminal.wait_for("tools/call");
    let open = client.call("hang");
    terminal.wait_for("1 open");
    terminal.send("x");
    assert!(client.hear_answer(open)["error"].is_object());
    // Where a character stays the same it is not drawn again: "1 open" becomes "1 error".
    terminal.wait_for("error");
    // The result of the one is shown before the other is asked for. The log, which is shown too, has it in other words.
    terminal.wait_for("(signal");
    assert_eq!(client.await_state("idle")["end"]["reason"], "stopped");
    let refused = client.call("echo");
    let message = client.hear_answer(refused)["error"]["message"].to_string();
    assert!(message.contains("somebody stopped it with mcp-hook stop"), "{message}");
    terminal.send("r");
    client.await_state("running");
    client.echo();
    client.request("test/another", &json!({}));
    terminal.wait_for("test/another");
    quit(terminal);
    client.client.finish();
}

#[test]
fn its_keys_are_obeyed_after_a_newer_program_took_the_place_of_the_one_that_runs() {
    let sandbox = Sandbox::new();
    let program = sandbox.install(Path::new(env!("CARGO_BIN_EXE_mcp-hook")), "mcp-hook");
    let (mut terminal, client) = watch(&sandbox);
    terminal.wait_for("restart");
    fs::remove_file(program).unwrap();
    terminal.send("x");
    assert_eq!(client.await_state("idle")["end"]["reason"], "stopped");
    quit(terminal);
    client.client.finish();
}
