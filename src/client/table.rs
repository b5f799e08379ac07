//! The clients that are known: one row each.

use super::dialect::Dialect;
use super::inheritance::Inheritance;
use super::place::{Base, FileSpec, Writer};
use super::scope::Scope;
use crate::syntax::Syntax;

/// An MCP client, and how it keeps its servers.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    /// What it is called on our command line.
    pub id: &'static str,
    pub name: &'static str,
    /// What its program is called, if it has one that is typed.
    pub program: Option<&'static str>,
    pub files: &'static [FileSpec],
    /// The keys that lead to its servers.
    pub key: &'static [&'static str],
    pub shape: Shape,
    pub syntax: Syntax,
    pub path: PathOfClient,
    pub dialect: Dialect,
    pub inheritance: Inheritance,
    /// What an entry has beside its command, as JSON; nothing if it needs nothing.
    pub beside: &'static str,
    /// Whether an entry's `cwd` counts.
    pub knows_cwd: bool,
}

/// How an entry says what is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `command`, a string, and `args`, a list.
    CommandAndArgs,
    /// `command`, a list.
    CommandList,
}

/// Where a client looks for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOfClient {
    /// As the user's shell, also if it is started from a desktop.
    OfShell,
    /// As the desktop: what a shell's start-up file adds is missing.
    OfDesktop,
}

pub const CLIENTS: &[Client] = &[
    Client {
        name: "Claude Code",
        program: Some("claude"),
        files: &[
            FileSpec {
                parts: &[Scope::User, Scope::Local],
                writer: Writer::RunningClient,
                ..user(Base::Named("CLAUDE_CONFIG_DIR", ""), ".claude.json")
            },
            project(".mcp.json"),
        ],
        syntax: Syntax::Json,
        dialect: Dialect::Braces,
        inheritance: Inheritance::AllAndProject,
        knows_cwd: false,
        ..client("claude-code")
    },
    Client {
        name: "Claude Desktop",
        files: &[user(Base::Applications, "Claude/claude_desktop_config.json")],
        syntax: Syntax::Json,
        path: PathOfClient::OfDesktop,
        inheritance: Inheritance::Sdk,
        knows_cwd: false,
        ..client("claude-desktop")
    },
    Client {
        name: "Codex",
        program: Some("codex"),
        files: &[user(Base::Named("CODEX_HOME", ".codex"), "config.toml"), project(".codex/config.toml")],
        key: &["mcp_servers"],
        syntax: Syntax::Toml,
        inheritance: Inheritance::Codex,
        ..client("codex")
    },
    Client {
        name: "Gemini CLI",
        program: Some("gemini"),
        files: &[user(Base::Home, ".gemini/settings.json"), project(".gemini/settings.json")],
        syntax: Syntax::JsonWithComments,
        dialect: Dialect::Dollar,
        inheritance: Inheritance::Harmless,
        ..client("gemini")
    },
    Client {
        name: "Cursor",
        program: Some("cursor-agent"),
        files: &[user(Base::Home, ".cursor/mcp.json"), project(".cursor/mcp.json")],
        dialect: Dialect::Editor,
        ..client("cursor")
    },
    Client {
        name: "VS Code",
        files: &[
            user(Base::Applications, "Code/User/mcp.json"),
            user(Base::Home, ".vscode-server/data/User/mcp.json"),
            project(".vscode/mcp.json"),
        ],
        key: &["servers"],
        dialect: Dialect::Editor,
        beside: "\"type\": \"stdio\"",
        ..client("vscode")
    },
    Client {
        name: "Windsurf",
        files: &[user(Base::Home, ".codeium/windsurf/mcp_config.json"), user(Base::Home, ".codeium/mcp_config.json")],
        dialect: Dialect::Editor,
        ..client("windsurf")
    },
    Client {
        name: "Zed",
        files: &[user(Base::Config, "zed/settings.json"), project(".zed/settings.json")],
        key: &["context_servers"],
        ..client("zed")
    },
    Client {
        name: "Cline",
        program: Some("cline"),
        files: &[
            user(Base::Applications, "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
            user(Base::Home, ".cline/data/settings/cline_mcp_settings.json"),
        ],
        inheritance: Inheritance::Sdk,
        ..client("cline")
    },
    Client {
        name: "opencode",
        program: Some("opencode"),
        files: &[
            user(Base::Config, "opencode/opencode.json"),
            user(Base::Config, "opencode/opencode.jsonc"),
            project("opencode.json"),
            project("opencode.jsonc"),
            project(".opencode/opencode.json"),
            project(".opencode/opencode.jsonc"),
        ],
        key: &["mcp"],
        shape: Shape::CommandList,
        dialect: Dialect::Opencode,
        beside: "\"type\": \"local\"",
        ..client("opencode")
    },
    Client {
        name: "Amp",
        program: Some("amp"),
        files: &[
            user(Base::Config, "amp/settings.json"),
            user(Base::Config, "amp/settings.jsonc"),
            project(".amp/settings.json"),
            project(".amp/settings.jsonc"),
        ],
        // One key with a dot in it.
        key: &["amp.mcpServers"],
        dialect: Dialect::Braces,
        ..client("amp")
    },
    Client {
        name: "Copilot CLI",
        program: Some("copilot"),
        files: &[
            user(Base::Named("COPILOT_HOME", ".copilot"), "mcp-config.json"),
            project(".github/mcp.json"),
            project(".mcp.json"),
        ],
        beside: "\"type\": \"local\", \"tools\": [\"*\"]",
        ..client("copilot")
    },
    Client {
        name: "Kiro",
        files: &[user(Base::Home, ".kiro/settings/mcp.json"), project(".kiro/settings/mcp.json")],
        dialect: Dialect::Braces,
        ..client("kiro")
    },
    Client {
        name: "LM Studio",
        files: &[user(Base::Home, ".lmstudio/mcp.json")],
        path: PathOfClient::OfDesktop,
        inheritance: Inheritance::Sdk,
        ..client("lm-studio")
    },
    Client {
        name: "Continue",
        files: &[user(Base::Home, ".continue/config.yaml")],
        syntax: Syntax::Yaml,
        ..client("continue")
    },
    Client {
        name: "Goose",
        program: Some("goose"),
        files: &[user(Base::Config, "goose/config.yaml")],
        key: &["extensions"],
        syntax: Syntax::Yaml,
        ..client("goose")
    },
];

/// What most rows have.
const fn client(id: &'static str) -> Client {
    Client {
        id,
        name: id,
        program: None,
        files: &[],
        key: &["mcpServers"],
        shape: Shape::CommandAndArgs,
        syntax: Syntax::Jsonc,
        path: PathOfClient::OfShell,
        dialect: Dialect::Nothing,
        inheritance: Inheritance::All,
        beside: "",
        knows_cwd: true,
    }
}

const fn user(base: Base, path: &'static str) -> FileSpec {
    FileSpec { base, path, parts: &[Scope::User], writer: Writer::People }
}

const fn project(path: &'static str) -> FileSpec {
    FileSpec { base: Base::Project, path, parts: &[Scope::Project], writer: Writer::People }
}

pub fn named(id: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.id == id)
}

/// The client that a command starts.
pub fn of_program(command: &str) -> Option<&'static Client> {
    let program = command.rsplit('/').next()?;
    CLIENTS.iter().find(|client| client.program == Some(program))
}
