//! The lines of a YAML file that say what is started. They are shown, not changed.

/// A line with a command, and the key that it stands under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// From 1.
    pub number: usize,
    pub key: String,
    pub command: String,
}

/// The commands that mcp-hook does not stand in front of.
pub fn commands(text: &str) -> Vec<CommandLine> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches("- ");
        let Some((key, value)) = line.split_once(':').filter(|(key, _)| ["command", "cmd"].contains(key)) else {
            continue;
        };
        let command = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        if !command.is_empty() && !crate::definition::client_entry::is_hook(command) {
            found.push(CommandLine { number: index + 1, key: key.to_owned(), command: command.to_owned() });
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
        let found: Vec<_> = commands(text).into_iter().map(|it| (it.number, it.key, it.command)).collect();
        let expected = [(3, "cmd", "npx"), (10, "command", "uvx")];
        assert_eq!(found, expected.map(|(number, key, command)| (number, key.to_owned(), command.to_owned())));
    }
}
