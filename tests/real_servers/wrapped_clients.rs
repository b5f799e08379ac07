//! Claude Code, Codex and Gemini CLI with their own files: a server is added by the client's own command, `wrap` puts mcp-hook in
//! front of all, the client lists and uses them, and `unwrap` gives the file back.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::real_servers::terminal_client::Servers;
use crate::support::real_servers::{END, EntryPoint, Model, Mortal, Product, TerminalClient, World};
use crate::support::{Shell, Terminal};

/// A call, one in which the server dies, one more; a call of the server that the client has added, and of mcp-hook.
const CALLS: [&str; 5] =
    ["tell_pid", "fall_over", "tell_pid", r#"get_current_time{"timezone": "UTC"}"#, "server_status"];

/// A client, what mcp-hook calls it, and where it keeps its servers.
struct Wrapped {
    product: Product,
    id: &'static str,
    file: &'static str,
    /// What stands in front of a server's command when one is added, with `DIR` for where mcp-hook keeps its records.
    add: &'static [&'static str],
    /// How often it says that a server answers when it lists them.
    connected: usize,
    /// What it has to be told to let its model call them.
    more: &'static [&'static str],
}

#[test]
fn claude_code_is_wrapped_and_unwrapped() {
    let client = Wrapped {
        product: Product::ClaudeCode,
        id: "claude-code",
        file: ".claude.json",
        add: &["mcp", "add", "--scope", "user", "added", "--env", "GREETING=hello", "--"],
        connected: 3,
        more: &["--allowedTools", "mcp__added,mcp__mcp-hook"],
    };
    // It writes the file itself whenever it runs.
    let [before, after] = there_and_back(&client, Mortal::Handshake).map(|text| servers(&text));
    assert_eq!(after, before);
}

#[test]
fn codex_is_wrapped_and_unwrapped() {
    let client = Wrapped {
        product: Product::Codex,
        id: "codex",
        file: ".codex/config.toml",
        add: &["mcp", "add", "added", "--env", "MCP_HOOK_DIR=DIR", "--env", "GREETING=hello", "--"],
        connected: 0,
        more: &["--dangerously-bypass-approvals-and-sandbox"],
    };
    let [before, after] = there_and_back(&client, Mortal::Handshake);
    assert_eq!(after, before);
}

#[test]
fn gemini_cli_is_wrapped_and_unwrapped() {
    let client = Wrapped {
        product: Product::GeminiCli,
        id: "gemini",
        file: ".gemini/settings.json",
        add: &["mcp", "add", "--env", "GREETING=hello", "--scope", "user", "added"],
        connected: 3,
        more: &[],
    };
    let [before, after] = there_and_back(&client, Mortal::Handshake);
    assert_eq!(after, before);
}

/// The client's file before it was wrapped, and after it was unwrapped.
fn there_and_back(wrapped: &Wrapped, server: Mortal) -> [String; 2] {
    let world = World::new();
    let model = Model::asking_for(&world, &CALLS);
    let Some(client) = TerminalClient::new(wrapped.product, &world, &model, &server.words(&world)) else {
        return [String::new(), String::new()];
    };
    add(&world, &client, wrapped);
    let file = world.sandbox.home().join(wrapped.file);
    let before = read(&file);
    world.sandbox.hook(["wrap", wrapped.id, "--yes"]).ok();
    assert_eq!(read(&file).matches("mcp-hook\"").count(), 2, "{}", read(&file));
    world.sandbox.hook(["unwrap", wrapped.id, "--yes"]).ok();
    assert_eq!(read(&file), before, "every byte comes back");
    world.sandbox.hook(["wrap", wrapped.id, "--control", "--yes"]).ok();

    let listed = client.run(&["mcp", "list"]).ok();
    let said = format!("{}{}", listed.stdout, listed.stderr);
    assert!(said.matches("mcp-hook").count() >= 3, "{listed}");
    assert_eq!(said.matches("Connected").count(), wrapped.connected, "{listed}");
    use_all(&world, &client, wrapped, &model);
    world.sandbox.assert_clean_but(&[model.process()]);

    world.sandbox.hook(["unwrap", wrapped.id, "--yes"]).ok();
    [before, read(&file)]
}

/// Adds a second server by the client's own command. It writes down what it was given.
fn add(world: &World, client: &TerminalClient<'_>, wrapped: &Wrapped) {
    let time = EntryPoint::Time.words(world)[0].clone().into_string().unwrap();
    let script =
        format!("#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$GREETING\" \"$MCP_SESSION_ID\" >\"$HOME/told\"\nexec {time}\n");
    let server = world.sandbox.program("added", &script);
    let records = format!("={}", world.sandbox.runtime().display());
    let mut words: Vec<String> = wrapped.add.iter().map(|word| word.replace("=DIR", &records)).collect();
    words.push(server.into_os_string().into_string().unwrap());
    client.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
}

/// The client is started in a terminal, and has its model call all servers.
fn use_all(world: &World, client: &TerminalClient<'_>, wrapped: &Wrapped, model: &Model) {
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    let session = terminal.variable("MCP_SESSION_ID");
    let output = terminal.run(&client.prompt_line("continue", wrapped.more)).ok();
    assert!(output.stdout.contains(END), "{output}");
    let told = model.results("tell_pid");
    assert!(told.len() >= 2 && told[0] != told[told.len() - 1], "it was not kept: {told:?}\n{model}");
    assert!(model.results("get_current_time")[0].contains("UTC"), "{model}");
    let given = format!("{}\nhello\n{session}\n", client.directory().display());
    assert_eq!(read(&world.sandbox.home().join("told")), given);
    let status = &model.results("server_status")[0];
    assert!(["added", "mortal"].iter().all(|name| status.contains(name)), "{model}");
    terminal.send_line("exit");
    terminal.wait_exit();
}

/// It remembers by their names which of a project's servers its user has allowed.
#[test]
fn claude_code_does_not_ask_again_for_a_server_of_a_project_that_was_wrapped() {
    let world = World::new();
    let model = Model::asking_for(&world, &[]);
    let none = Servers { entries: Vec::new(), patience: 100 };
    let Some(client) = TerminalClient::with_servers(Product::ClaudeCode, &world, &model, &none) else {
        return;
    };
    let time = EntryPoint::Time.words(&world)[0].clone().into_string().unwrap();
    world.sandbox.write("home/work/.mcp.json", json!({ "mcpServers": { "time": { "command": time } } }).to_string());
    let listed = || client.run(&["mcp", "list"]).ok().stdout;
    assert!(listed().contains("Pending approval"), "{}", listed());
    // What it writes when its user says yes.
    world.sandbox.write("home/work/.claude/settings.local.json", r#"{ "enabledMcpjsonServers": ["time"] }"#);
    assert!(listed().contains("Connected"), "{}", listed());
    let mut wrap = world.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    world.sandbox.run(wrap.args(["wrap", "claude-code", "--yes"]).current_dir(client.directory())).ok();
    let after = listed();
    assert!(after.contains("mcp-hook run time -- ") && after.contains("Connected"), "{after}");
    world.sandbox.assert_clean_but(&[model.process()]);
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// The servers in a file of JSON.
fn servers(text: &str) -> Value {
    serde_json::from_str::<Value>(text).map_or(Value::Null, |value| value["mcpServers"].clone())
}
