//! What is changed: what was named, after a question.

use std::fs;
use std::os::unix::fs::symlink;

use super::{DIRECT, WRAPPED, cursor, hook, said};
use crate::support::{Sandbox, Shell, Terminal};

#[test]
fn nothing_is_done_unasked() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    insta::assert_snapshot!(said(&sandbox, &hook(&sandbox, "wrap")));
    assert_eq!(fs::read_to_string(&file).unwrap(), DIRECT);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn at_a_terminal_a_question_is_asked_and_the_diff_is_coloured() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    sandbox.env("TERM", "xterm");
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    for (answer, text, code) in [("n\n", DIRECT, 1), ("\n", DIRECT, 1), ("y\n", WRAPPED, 0)] {
        terminal.wait_prompt();
        terminal.send_line("mcp-hook wrap; echo \"<$?>\"");
        terminal.wait_for("\u{1b}[31m-    \"web\"");
        terminal.wait_for("\u{1b}[32m+    \"web\"");
        terminal.wait_for("wrap 1 server in 1 file?");
        terminal.wait_for("[y/N]");
        terminal.send(answer);
        terminal.wait_for(&format!("<{code}>"));
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    terminal.run(":").ok();
}

#[test]
fn a_file_that_changes_while_the_question_is_asked_is_not_written() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.wait_prompt();
    terminal.send_line("mcp-hook wrap; echo \"<$?>\"");
    terminal.wait_for("[y/N]");
    let changed = DIRECT.replace("npx", "uvx");
    fs::write(&file, &changed).unwrap();
    terminal.send("y\n");
    terminal.wait_for("it has changed since it was read");
    terminal.wait_for("<1>");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    terminal.run(":").ok();
}

#[test]
fn only_what_is_named_is_changed() {
    let sandbox = Sandbox::new();
    let two =
        r#"{"mcpServers": {"web": {"command": "npx", "args": ["web"]}, "db": {"command": "uvx", "args": ["db"]}}}"#;
    let cursor = cursor(&sandbox, two);
    let kiro = sandbox.write("home/.kiro/settings/mcp.json", two);
    let lines = [
        "wrap cursor --server db --yes",
        "wrap --server nobody --yes",
        "wrap codex --yes",
        "wrap nobody --yes",
        "wrap --server db --yes",
        "unwrap kiro --yes",
        "unwrap kiro --yes",
        "unwrap --server web --yes",
        "unwrap --yes --dry-run",
    ];
    let text = lines.map(|line| format!("$ {line}\n{}\n", said(&sandbox, &hook(&sandbox, line))));
    insta::assert_snapshot!(text.concat());
    assert_eq!(fs::read_to_string(kiro).unwrap(), two);
    let wrapped =
        two.replace(r#""command": "uvx", "args": ["#, r#""command": "mcp-hook", "args": ["run", "db", "--", "uvx", "#);
    assert_eq!(fs::read_to_string(cursor).unwrap(), wrapped);
}

#[test]
fn clients_are_listed_as_json() {
    let sandbox = Sandbox::new();
    cursor(
        &sandbox,
        r#"{"mcpServers": {"web": {"command": "npx", "args": ["web"], "env": {"TOKEN": "secret"}, "disabled": true}, "far": {"url": "https://example.org"}}}"#,
    );
    sandbox.write("home/.kiro/settings/mcp.json", "{");
    insta::assert_snapshot!(said(&sandbox, &hook(&sandbox, "clients --json")));
}

#[test]
fn where_no_client_is_found_nothing_is_said_to_be_wrong() {
    let sandbox = Sandbox::new();
    let text = ["clients", "wrap --yes", "unwrap"].map(|line| said(&sandbox, &hook(&sandbox, line)) + "\n");
    insta::assert_snapshot!(text.concat());
}

#[test]
fn another_mcp_hook_on_path_is_not_written_by_name() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    sandbox.program("mcp-hook", "#!/bin/sh\nexit 1\n");
    hook(&sandbox, "wrap --yes").ok();
    let command = format!("\"command\": \"{}\"", env!("CARGO_BIN_EXE_mcp-hook"));
    assert!(fs::read_to_string(&file).unwrap().contains(&command));
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), DIRECT);
}

#[test]
fn a_path_on_path_is_written_and_not_where_its_links_lead() {
    let sandbox = Sandbox::new();
    let link = sandbox.path("bin/mcp-hook");
    symlink(env!("CARGO_BIN_EXE_mcp-hook"), &link).unwrap();
    let file = sandbox.write("home/.config/Claude/claude_desktop_config.json", DIRECT);
    hook(&sandbox, "wrap --yes").ok();
    let command = format!("\"command\": \"{}\"", link.display());
    assert!(fs::read_to_string(&file).unwrap().contains(&command));
}

#[test]
fn a_variable_names_another_directory_of_a_client() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("home/elsewhere/.claude.json", DIRECT);
    sandbox.env("CLAUDE_CONFIG_DIR", sandbox.path("home/elsewhere"));
    hook(&sandbox, "wrap claude-code --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), WRAPPED);
}

#[test]
fn a_wrapped_server_runs() {
    let sandbox = Sandbox::new();
    let text = r#"{"mcpServers": {"my echo": {"command": "sh", "args": ["-c", "printf '%s' \"$0$PWD\" >told; cat", "a  b "]}}}"#;
    let file = cursor(&sandbox, text);
    hook(&sandbox, "wrap --yes").ok();
    let entry: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let entry = &entry["mcpServers"]["my echo"];
    let mut command = sandbox.command(entry["command"].as_str().unwrap());
    command.args(entry["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
    sandbox.run(&mut command).ok();
    let told = fs::read_to_string(sandbox.home().join("told")).unwrap();
    assert_eq!(told, format!("a  b {}", sandbox.home().display()), "with its arguments, in the client's directory");
}
