//! Entries that people put mcp-hook in front of themselves, as often and of whatever they like.

use std::fs;

use super::{cursor, hook};
use crate::support::Sandbox;

/// A file with these entries.
fn file(entries: &[(&str, &str, &[&str])]) -> String {
    let entry = |(name, command, arguments): &(&str, &str, &[&str])| {
        format!("    {name:?}: {{ \"command\": {command:?}, \"args\": {arguments:?} }}")
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    format!("{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n", entries.join(",\n"))
}

#[test]
fn what_is_behind_mcp_hook_comes_back_at_once_whatever_it_is() {
    let sandbox = Sandbox::new();
    let path = cursor(
        &sandbox,
        &file(&[
            ("twice", "mcp-hook", &["run", "a", "--", "mcp-hook", "run", "b", "--", "npx", "x"]),
            ("defined", "mcp-hook", &["run", "a", "--", "mcp-hook", "run", "b"]),
            ("client", "mcp-hook", &["run", "c", "--", "claude", "mcp", "serve"]),
            ("call", "mcp-hook", &["run", "d", "--", "mcp-hook", "status"]),
            ("agent", "mcp-hook", &["run", "e", "--", "mcp-hook", "mcp"]),
            ("web", "mcp-hook", &["run", "web", "npx", "web"]),
            ("options", "mcp-hook", &["run", "--grace", "3s", "web", "npx", "web", "--", "--port", "80"]),
        ]),
    );
    let left: Vec<(&str, &str, &[&str])> = vec![
        ("twice", "npx", &["x"]),
        ("defined", "mcp-hook", &["run", "b"]),
        ("client", "claude", &["mcp", "serve"]),
        ("call", "mcp-hook", &["status"]),
        ("web", "npx", &["web"]),
        ("options", "npx", &["web", "--", "--port", "80"]),
    ];
    for _ in 0..2 {
        hook(&sandbox, "unwrap --yes").ok();
        assert_eq!(fs::read_to_string(&path).unwrap(), file(&left));
    }
}

#[test]
fn what_another_program_starts_behind_mcp_hook_is_not_wrapped_again() {
    let sandbox = Sandbox::new();
    let text = file(&[
        ("env", "env", &["LEVEL=3", "/opt/mcp-hook", "run", "web", "--", "npx", "web"]),
        ("shell", "zsh", &["-lc", "exec 'mcp-hook' run web"]),
        ("agent", "sh", &["-c", "mcp-hook mcp"]),
    ]);
    let directory: (&str, &str, &[&str]) = ("directory", "npx", &["files", "/src/mcp-hook"]);
    let path = cursor(&sandbox, &text);
    let said = hook(&sandbox, "wrap --yes").ok().stdout;
    assert_eq!(said.matches("mcp-hook is behind its command already").count(), 3, "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    fs::write(&path, file(&[directory])).unwrap();
    assert!(hook(&sandbox, "wrap --yes").ok().stderr.contains("wrapped directory"));
}

#[test]
fn all_entries_of_mcp_hook_mcp_go_at_once() {
    let sandbox = Sandbox::new();
    let control: (&str, &[&str]) = ("mcp-hook", &["mcp"]);
    let all = ["one", "two", "web", "three", "four"].map(|name| match name {
        "web" => (name, "npx", &["web"] as &[&str]),
        _ => (name, control.0, control.1),
    });
    let path = cursor(&sandbox, &file(&all));
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!(fs::read_to_string(&path).unwrap(), file(&all[2..3]));
}
