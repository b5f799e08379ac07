//! The lines of a YAML file that say what is started. They are shown, not changed.

use crate::definition::client_entry;

/// A line with a command, and the key that it stands under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// From 1.
    pub number: usize,
    pub key: String,
    pub command: String,
    /// Whether it is mcp-hook.
    pub is_hook: bool,
}

/// All commands, in their order.
pub fn commands(text: &str) -> Vec<CommandLine> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches("- ");
        let Some((key, value)) = line.split_once(':').filter(|(key, _)| ["command", "cmd"].contains(key)) else {
            continue;
        };
        let command = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        if !command.is_empty() {
            let (key, command) = (key.to_owned(), command.to_owned());
            found.push(CommandLine { number: index + 1, key, is_hook: client_entry::is_hook(&command), command });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_commands_are_found() {
        let text = "extensions:\n  files:\n    cmd: npx # why\n    args: [-y, x]\n  kept:\n    cmd: \"mcp-hook\"\n  web:\n    \
                    uri: https://example.org\nmcpServers:\n  - command: 'uvx'\n    name: a\n  - name: b\n    command:\n";
        let found = commands(text);
        let found: Vec<_> = found.iter().map(|it| (it.number, &*it.key, &*it.command, it.is_hook)).collect();
        assert_eq!(found, [(3, "cmd", "npx", false), (6, "cmd", "mcp-hook", true), (10, "command", "uvx", false)]);
    }
}
