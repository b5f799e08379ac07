//! `clients`, `wrap` and `unwrap`: clients' files as people have them, and how they are written.

mod by_hand;
mod control;
mod corpus;
#[cfg(target_os = "linux")]
mod in_turn;
mod running;
mod secrets;
mod selection;
mod writing;

use std::fs;
use std::path::PathBuf;

use crate::support::{Output, Sandbox};

/// `mcp-hook ARGUMENTS`, separated by blanks, in the project `shop`.
fn hook(sandbox: &Sandbox, arguments: &str) -> Output {
    fs::create_dir_all(sandbox.path("home/shop")).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    sandbox.run(command.args(arguments.split(' ')).current_dir(sandbox.path("home/shop")))
}

/// What a command said, with its exit code and without paths that differ from run to run.
fn said(sandbox: &Sandbox, output: &Output) -> String {
    let root = fs::canonicalize(sandbox.root()).unwrap();
    let text = format!("{}{}[{}]", output.stdout, output.stderr, output.code());
    let text = text.replace(env!("CARGO_BIN_EXE_mcp-hook"), "/bin/mcp-hook");
    text.replace(root.to_str().unwrap(), "").replace(sandbox.root().to_str().unwrap(), "")
}

/// Cursor's file with this text.
fn cursor(sandbox: &Sandbox, text: &str) -> PathBuf {
    sandbox.write("home/.cursor/mcp.json", text)
}

/// A file with one server that is started directly.
const DIRECT: &str =
    "{\n  \"mcpServers\": {\n    \"web\": { \"command\": \"npx\", \"args\": [\"-y\", \"web\"] }\n  }\n}\n";
/// The same behind mcp-hook.
const WRAPPED: &str = "{\n  \"mcpServers\": {\n    \"web\": { \"command\": \"mcp-hook\", \"args\": [\"run\", \"web\", \"--\", \"npx\", \"-y\", \"web\"] }\n  }\n}\n";
