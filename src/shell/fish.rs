//! fish, and what it reads.

use super::homes::Homes;
use super::interactive::{Looks, Sign};
use super::spec::Shell;
use super::syntax::{Syntax, Variable};

pub(super) const SHELL: Shell = Shell {
    name: "fish",
    about: "fish, 3.1 and later",
    least_version: (3, 1),
    syntax: &SYNTAX,
    hook: include_str!("../../shell/hook.fish"),
    completions: include_str!("../../completions/mcp-hook.fish"),
    rc_line: "mcp-hook init fish | source",
    home: |homes: &Homes| homes.config.clone().unwrap_or_else(|| homes.home.join(".config")).join("fish"),
    startup_files: &["config.fish"],
    snippets: Some(("conf.d", "fish")),
    looks: Looks {
        letters: "il",
        options: &["--interactive", "--login"],
        with_value: &["-C", "--init-command"],
        sign: Sign::ReadsTerminal,
    },
};

pub(super) const SYNTAX: Syntax = Syntax {
    name: "fish",
    about: "fish",
    quote,
    export,
    unset: "set -e",
    env_line: "mcp-hook env --shell fish | source",
};

/// Between single quotes a backslash escapes itself and the quote.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

fn export(variables: &[&Variable]) -> String {
    let assign = |(name, value): &&Variable| format!("set -gx {name} {}", quote(value));
    variables.iter().map(assign).collect::<Vec<_>>().join("; ")
}
