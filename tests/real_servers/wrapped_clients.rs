//! Claude Code, Codex and Gemini CLI with their own files: a server is added by the client's own command, `wrap` puts mcp-hook in
//! front of all, the client lists and uses them, and `unwrap` gives the file back.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::real_servers::{END, EntryPoint, Model, Mortal, Product, TerminalClient, World};

/// A call, one in which the server dies, one more.
const CALLS: [&str; 3] = ["tell_pid", "fall_over", "tell_pid"];

/// A client, what mcp-hook calls it, and where it keeps its servers.
struct Wrapped {
    product: Product,
    id: &'static str,
    file: &'static str,
    /// What stands in front of a server's command when one is added, with `DIR` for where mcp-hook keeps its records.
    add: &'static [&'static str],
    /// How often it says that a server answers when it lists them.
    connected: usize,
}

#[test]
fn claude_code_is_wrapped_and_unwrapped() {
    let add = &["mcp", "add", "--scope", "user", "added", "--"];
    let client = Wrapped { product: Product::ClaudeCode, id: "claude-code", file: ".claude.json", add, connected: 2 };
    // It writes the file itself whenever it runs.
    let [before, after] = there_and_back(&client, Mortal::Handshake).map(|text| servers(&text));
    assert_eq!(after, before);
}

#[test]
fn codex_is_wrapped_and_unwrapped() {
    let add = &["mcp", "add", "added", "--env", "MCP_HOOK_DIR=DIR", "--"];
    let client = Wrapped { product: Product::Codex, id: "codex", file: ".codex/config.toml", add, connected: 0 };
    let [before, after] = there_and_back(&client, Mortal::Handshake);
    assert_eq!(after, before);
}

#[test]
fn gemini_cli_is_wrapped_and_unwrapped() {
    let add = &["mcp", "add", "--scope", "user", "added"];
    let client =
        Wrapped { product: Product::GeminiCli, id: "gemini", file: ".gemini/settings.json", add, connected: 2 };
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
    world.sandbox.hook(["wrap", wrapped.id, "--yes"]).ok();

    let listed = client.run(&["mcp", "list"]).ok();
    let said = format!("{}{}", listed.stdout, listed.stderr);
    assert!(said.matches("mcp-hook").count() >= 2, "{listed}");
    assert_eq!(said.matches("Connected").count(), wrapped.connected, "{listed}");
    client.start("continue", &[]).expect(END);
    let told = model.results("tell_pid");
    assert!(told.len() == 2 && told[0] != told[1], "it was not kept: {told:?}\n{model}");
    world.sandbox.assert_clean_but(&[model.process()]);

    world.sandbox.hook(["unwrap", wrapped.id, "--yes"]).ok();
    [before, read(&file)]
}

/// Adds a second server by the client's own command.
fn add(world: &World, client: &TerminalClient<'_>, wrapped: &Wrapped) {
    let records = world.sandbox.runtime();
    let server = EntryPoint::Time.words(world);
    let mut words: Vec<String> =
        wrapped.add.iter().map(|word| word.replace("=DIR", &format!("={}", records.display()))).collect();
    words.extend(server.into_iter().map(|word| word.into_string().unwrap()));
    client.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// The servers in a file of JSON.
fn servers(text: &str) -> Value {
    serde_json::from_str::<Value>(text).map_or(Value::Null, |value| value["mcpServers"].clone())
}
