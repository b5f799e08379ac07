//! What an entry of `mcpServers` says, as typed values. Texts still hold their `${VAR}`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::disk::names::ServerName;
use crate::server::settings::Settings;

/// A server as it is defined in a file.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name, the key under `mcpServers`.
    pub name: ServerName,
    pub file: PathBuf,
    pub kind: ServerKind,
    /// `url`: where clients reach it.
    pub url: Option<String>,
    pub headers: BTreeMap<String, String>,
    /// `hook`: what only mcp-hook reads.
    pub hook: Hook,
}

impl Definition {
    /// The command and its arguments, as they stand; empty where there is nothing to start.
    pub fn command_line(&self) -> Vec<String> {
        match &self.kind {
            ServerKind::Program { command, args, .. } => [command].into_iter().chain(args).cloned().collect(),
            ServerKind::Remote => Vec::new(),
        }
    }

    /// Whether its `env` sets this variable.
    pub fn sets(&self, variable: &str) -> bool {
        match &self.kind {
            ServerKind::Program { env, .. } => env.contains_key(variable),
            ServerKind::Remote => false,
        }
    }
}

/// Whether there is something to start.
#[derive(Clone, Debug)]
pub enum ServerKind {
    Program {
        command: String,
        args: Vec<String>,
        env: BTreeMap<String, String>,
        /// `cwd`, relative to the file; if not set, where mcp-hook is called, for a project the directory of its file.
        cwd: Option<String>,
    },
    /// A server that runs elsewhere: `url` without a `command`.
    Remote,
}

#[derive(Clone, Debug, Default)]
pub struct Hook {
    /// `autostart`: started by every session.
    pub autostart: bool,
    /// `port`, `ready`, `restart`, `stop`, `memory`, `log`, `sample`, `terminal`, `relay`, `watch`, `idle`,
    /// `health`, `launcher`.
    pub settings: Settings,
    /// `environmentVariables`: what must be set before it is started.
    pub variables: Vec<Variable>,
    /// `config`: the file that every session gets a copy of.
    pub config: Option<Config>,
}

/// A variable in the form of the MCP registry's `server.json`.
#[derive(Clone, Debug, Default)]
pub struct Variable {
    pub name: String,
    pub description: Option<String>,
    pub is_required: bool,
    /// `isSecret`: its value is shown nowhere.
    pub is_secret: bool,
    pub default: Option<String>,
    /// `choices`; anything is allowed if empty.
    pub choices: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `source`: the template, relative to the definition's file.
    pub source: String,
    /// `required`: paths that must be there, with `*` for every key and index.
    pub required: Vec<String>,
    /// `env`: paths whose values name variables that must be set.
    pub env: Vec<String>,
}

/// Whether a text can be the name of a variable: letters, digits and `_`, no digit in front.
pub fn is_variable_name(text: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !text.is_empty() && text.chars().all(is_plain) && !text.starts_with(|first: char| first.is_ascii_digit())
}
