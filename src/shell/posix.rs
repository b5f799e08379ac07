//! What sh reads, and bash, zsh and their relatives.

use super::syntax::{Syntax, Variable};

pub(super) const SYNTAX: Syntax = Syntax {
    name: "posix",
    about: "sh, bash, zsh and their relatives",
    quote,
    export,
    unset: "unset",
    env_line: r#"eval "$(mcp-hook env)""#,
};

/// Nothing is special between single quotes, so a quote is written outside of them (`'\''`).
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn export(variables: &[&Variable]) -> String {
    let assign = |(name, value): &&Variable| format!("{name}={}", quote(value));
    format!("export {}", variables.iter().map(assign).collect::<Vec<_>>().join(" "))
}
