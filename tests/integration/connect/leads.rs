//! Where the errors of other commands lead to it.

use std::process::Stdio;

use serde_json::json;

use super::define;
use crate::support::{DefinedSession, Sandbox};

#[test]
fn a_defined_server_that_does_not_start_or_ends_under_its_client_is_said_to_be_one_to_ask() {
    let sandbox = Sandbox::new();
    let server = json!({"command": "sh", "args": ["-c", "echo no configuration >&2; exit 3"]});
    define(&sandbox, &[("web".to_owned(), server)].into_iter().collect());
    let session = DefinedSession::open(&sandbox);
    let started = session.hook("start web").expect_code(1);
    assert!(started.stderr.contains("; mcp-hook check --connect web speaks to it\n"), "{started}");
    let typed = session.hook("start other -- false").expect_code(1);
    assert!(!typed.stderr.contains("check --connect"), "a command that was typed has no name to ask by: {typed}");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let run = command.args(["run", "web"]).stdin(Stdio::null());
    let run = sandbox.run(run).expect_code(3);
    assert!(run.stderr.contains("; mcp-hook check --connect web looks why"), "{run}");
    session.end();
}
