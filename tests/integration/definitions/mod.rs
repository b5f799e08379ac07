//! Servers that are defined in files: adding, removing, listing, allowing, checking, starting.

mod allow;
mod check;
mod copies;
mod documents;
mod edit;
mod limits;
mod list;
mod locks;
mod review;
mod secrets;
mod spelling;
mod started;
mod trusted;
mod writers;

use std::path::Path;

use crate::support::{Output, Sandbox};

/// `mcp-hook ARGUMENTS`, separated by blanks, in a directory.
fn hook_in(sandbox: &Sandbox, directory: impl AsRef<Path>, arguments: &str) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    sandbox.run(command.args(arguments.split(' ')).current_dir(sandbox.path(directory)))
}

/// What a command said, with its exit code and without the sandbox's own path.
fn said(sandbox: &Sandbox, output: &Output) -> String {
    let text = format!("{}{}[{}]", output.stdout, output.stderr, output.code());
    let root = std::fs::canonicalize(sandbox.root()).unwrap();
    text.replace(root.to_str().unwrap(), "").replace(sandbox.root().to_str().unwrap(), "")
}

/// What several commands said, one after the other.
fn transcript(sandbox: &Sandbox, directory: &str, lines: &[&str]) -> String {
    let line = |line: &&str| format!("$ {line}\n{}\n", said(sandbox, &hook_in(sandbox, directory, line)));
    lines.iter().map(line).collect()
}
