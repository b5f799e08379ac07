//! Sessions with a server that tells what it was given.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Output, Sandbox, Shell, Terminal};

/// Writes down its arguments, its environment and its configuration, says that it is up, and lives on.
const SERVER: &str = r#"#!/bin/sh
told="$HOME/told/$MCP_SESSION_ID-$MCP_SERVER_NAME"
mkdir -p "$told"
printf '%s\n' "$@" >"$told/arguments"
pwd >"$told/directory"
[ -z "$MCP_CONFIG_FILE" ] || cat "$MCP_CONFIG_FILE" >"$told/config"
env >"$told/environment"
echo up
exec sleep 1000
"#;

/// The server's entry with these changes of `hook`.
pub fn entry(hook: &Value) -> Value {
    let mut entry = json!({ "command": "told", "hook": { "ready": { "log": "^up$" } } });
    for (key, value) in hook.as_object().unwrap() {
        entry["hook"][key] = value.clone();
    }
    entry
}

/// Makes the user's definitions, and the program.
pub fn define(sandbox: &Sandbox, definitions: &Value) -> PathBuf {
    if !sandbox.path("bin/told").exists() {
        sandbox.program("told", SERVER);
    }
    write_user(sandbox, &json!({ "mcpServers": definitions }).to_string())
}

/// Where the user's definitions are.
pub fn user_file(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("home/.config/mcp-hook/servers.json")
}

/// Writes them.
pub fn write_user(sandbox: &Sandbox, text: &str) -> PathBuf {
    sandbox.write("home/.config/mcp-hook/servers.json", text)
}

/// A session that lasts as long as a window.
pub struct DefinedSession<'s> {
    pub sandbox: &'s Sandbox,
    pub terminal: Terminal<'s>,
    pub id: String,
}

impl<'s> DefinedSession<'s> {
    #[track_caller]
    pub fn open(sandbox: &'s Sandbox) -> Self {
        let mut terminal = Terminal::open(sandbox, Shell::Bash);
        let id = terminal.variable("MCP_SESSION_ID");
        Self { sandbox, terminal, id }
    }

    /// `mcp-hook WORDS` in this session, with the variables of the sandbox.
    pub fn hook(&self, words: &str) -> Output {
        self.hook_with(&[], words)
    }

    /// The same with more variables.
    pub fn hook_with(&self, variables: &[(&str, &str)], words: &str) -> Output {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args([verb, "--session", &self.id]).args(rest.split_whitespace());
        self.sandbox.run(command.envs(variables.iter().copied()))
    }

    /// What the server was given: `arguments`, `directory`, `config`.
    #[track_caller]
    pub fn told(&self, what: &str) -> String {
        let path = self.sandbox.home().join("told").join(format!("{}-web", self.id)).join(what);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The server's environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let text = self.told("environment");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The session's copy of the configuration.
    pub fn copy(&self) -> PathBuf {
        self.sandbox.runtime().join("configs").join(&self.id).join("web-config.json")
    }

    /// The owner ends; nothing is left.
    #[track_caller]
    pub fn end(mut self) {
        self.terminal.signal(Signal::SIGKILL);
        self.terminal.wait_exit();
        self.sandbox.assert_clean();
    }
}

/// All files below a directory with what stands in them.
pub fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}
