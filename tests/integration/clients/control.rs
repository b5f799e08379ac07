//! `wrap --control`: the entry of `mcp-hook mcp`, and its end.

use std::fs;

use super::{DIRECT, cursor, hook, said};
use crate::support::Sandbox;

/// Files as people have them, with servers and without.
const FILES: [(&str, &str); 6] = [
    ("home/.cursor/mcp.json", DIRECT),
    (
        "home/.codex/config.toml",
        "model = \"x\" # mine\r\n\r\n[mcp_servers.web]\r\ncommand = \"npx\"\r\nargs = [\"-y\", \"web\"]",
    ),
    ("home/.gemini/settings.json", "{\n  // dark at night\n  \"theme\": \"dark\"\n}"),
    ("home/.config/opencode/opencode.jsonc", "{ \"mcp\": {}, }\n"),
    ("home/.copilot/mcp-config.json", ""),
    ("home/.config/Code/User/mcp.json", "{\n\t\"servers\": {\n\t\t// \"old\": {}\n\t}\n}\n"),
];

#[test]
fn the_entry_is_added_beside_the_others_and_every_byte_comes_back() {
    let sandbox = Sandbox::new();
    let paths = FILES.map(|(path, text)| sandbox.write(path, text));
    let project = sandbox.write("home/shop/.cursor/mcp.json", DIRECT);
    let lines = ["wrap --control --dry-run", "wrap --control --yes", "wrap --control --yes", "clients", "unwrap --yes"];
    let text = lines.map(|line| format!("$ {line}\n{}\n", said(&sandbox, &hook(&sandbox, line)))).concat();
    insta::assert_snapshot!(text);
    for (path, (_, text)) in paths.iter().zip(FILES) {
        assert_eq!(fs::read_to_string(path).unwrap(), text, "{}", path.display());
    }
    assert_eq!(fs::read_to_string(project).unwrap(), DIRECT);
}

#[test]
fn an_entry_of_this_name_that_is_another_is_left_alone() {
    let sandbox = Sandbox::new();
    let other = r#"{"mcpServers": {"mcp-hook": {"command": "mcp-hook", "args": ["status"]}}}"#;
    let cursor = cursor(&sandbox, other);
    let kiro = r#"{"mcpServers": {"agent": {"command": "/usr/bin/mcp-hook", "args": ["mcp"]}}}"#;
    let kiro = sandbox.write("home/.kiro/settings/mcp.json", kiro);
    sandbox.write("home/shop/.gemini/settings.json", "{}");
    sandbox.write("home/.config/goose/config.yaml", "extensions: {}\n");
    sandbox.write("home/.codeium/windsurf/mcp_config.json", "[]");
    let text = ["wrap --control --yes", "unwrap --yes"]
        .map(|line| format!("$ {line}\n{}\n", said(&sandbox, &hook(&sandbox, line))));
    insta::assert_snapshot!(text.concat());
    assert_eq!(fs::read_to_string(cursor).unwrap(), other);
    assert_eq!(fs::read_to_string(kiro).unwrap(), r#"{"mcpServers": {}}"#);
}

#[test]
fn the_entry_that_is_added_starts_the_server() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, "{}");
    hook(&sandbox, "wrap cursor --control --yes").ok();
    let entry: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let entry = &entry["mcpServers"]["mcp-hook"];
    let mut command = sandbox.command(entry["command"].as_str().unwrap());
    command.args(entry["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
    sandbox.run(&mut command).ok();
    let checked = hook(&sandbox, "check --connect --json -- mcp-hook mcp").ok().json();
    assert_eq!(checked["servers"][0]["state"], "ok", "{checked}");
    assert_eq!(
        (&checked["servers"][0]["tools"], &checked["servers"][0]["protocol"]),
        (&6.into(), &"2026-07-28".into())
    );
}
