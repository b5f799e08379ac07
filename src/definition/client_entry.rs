//! Entries of clients that lead to mcp-hook: what they use of it.

use std::path::Path;

use serde_json::{Map, Value};

/// How an entry of `mcpServers` leads to mcp-hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayToHook {
    /// The client starts `mcp-hook run …`.
    Run,
    /// The client starts mcp-hook with another command, or with none.
    OtherCommand,
    /// The client connects to where a server of a session listens: `${MCP_WEB_URL}`.
    Url,
}

impl WayToHook {
    /// The way of an entry; `None` if it has nothing to do with mcp-hook.
    pub fn of(entry: &Map<String, Value>) -> Option<Self> {
        let text = |key| entry.get(key).and_then(Value::as_str);
        match (text("command"), text("url")) {
            (Some(command), _) if is_hook(command) => Some(of_arguments(entry.get("args"))),
            (None, Some(url)) if names_our_variable(url) => Some(Self::Url),
            _ => None,
        }
    }
}

/// Whether a command is mcp-hook.
pub fn is_hook(command: &str) -> bool {
    Path::new(command).file_name().is_some_and(|program| program == "mcp-hook")
}

fn of_arguments(arguments: Option<&Value>) -> WayToHook {
    let first = arguments.and_then(|arguments| arguments.get(0)).and_then(Value::as_str);
    if first == Some("run") { WayToHook::Run } else { WayToHook::OtherCommand }
}

/// Whether a url holds `${MCP_NAME_URL}` or `${MCP_NAME_PORT}`, with a default or without.
fn names_our_variable(url: &str) -> bool {
    let mut names = url.match_indices("${MCP_").filter_map(|(at, _)| url[at + 2..].split(['}', ':']).next());
    names.any(|name| name.ends_with("_URL") || name.ends_with("_PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_how_it_leads_to_mcp_hook() {
        for (entry, way) in [
            (r#"{"command": "mcp-hook", "args": ["run", "web"]}"#, Some(WayToHook::Run)),
            (r#"{"command": "/usr/bin/mcp-hook", "args": ["run", "web", "--", "npx"]}"#, Some(WayToHook::Run)),
            (r#"{"command": "mcp-hook", "args": ["start", "web"]}"#, Some(WayToHook::OtherCommand)),
            (r#"{"command": "mcp-hook", "args": "run"}"#, Some(WayToHook::OtherCommand)),
            (r#"{"command": "mcp-hook", "url": "http://127.0.0.1"}"#, Some(WayToHook::OtherCommand)),
            (r#"{"command": "mcp-hook-2", "args": ["run", "web"]}"#, None),
            (r#"{"command": "npx", "args": ["mcp-hook", "run"]}"#, None),
            (r#"{"url": "${MCP_WEB_URL}"}"#, Some(WayToHook::Url)),
            (r#"{"url": "http://127.0.0.1:${MCP_WEB_PORT:-3001}/mcp"}"#, Some(WayToHook::Url)),
            (r#"{"url": "http://${MCP_HOST}/mcp"}"#, None),
            (r#"{"command": "npx", "url": "${MCP_WEB_URL}"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(WayToHook::of(&serde_json::from_str(entry).expect("an object")), way, "{entry}");
        }
    }
}
