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
fn what_is_behind_mcp_hook_comes_back_whatever_it_is() {
    let sandbox = Sandbox::new();
    let path = cursor(
        &sandbox,
        &file(&[
            ("twice", "mcp-hook", &["run", "a", "--", "mcp-hook", "run", "b", "--", "npx", "x"]),
            ("client", "mcp-hook", &["run", "c", "--", "claude", "mcp", "serve"]),
            ("call", "mcp-hook", &["run", "d", "--", "mcp-hook", "status"]),
            ("agent", "mcp-hook", &["run", "e", "--", "mcp-hook", "mcp"]),
            ("web", "mcp-hook", &["run", "web", "npx", "web"]),
        ]),
    );
    for [twice, agent] in [[true, true], [false, false]] {
        hook(&sandbox, "unwrap --yes").ok();
        let mut left: Vec<(&str, &str, &[&str])> = vec![
            ("twice", "npx", &["x"]),
            ("client", "claude", &["mcp", "serve"]),
            ("call", "mcp-hook", &["status"]),
            ("web", "npx", &["web"]),
        ];
        if twice {
            left[0] = ("twice", "mcp-hook", &["run", "b", "--", "npx", "x"]);
        }
        if agent {
            left.insert(3, ("agent", "mcp-hook", &["mcp"]));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), file(&left));
    }
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
