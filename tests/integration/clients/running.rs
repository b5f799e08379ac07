//! Claude Code writes its own file as long as it runs: nobody else does then.

use std::fs;
use std::process::Stdio;

use super::{DIRECT, WRAPPED, hook, said};
use crate::support::{Process, Sandbox};

#[test]
fn the_file_of_a_client_that_runs_is_left_alone() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("home/.claude.json", DIRECT);
    let project = sandbox.write("home/shop/.mcp.json", DIRECT);
    let program = sandbox.program("claude", "#!/bin/sh\nread line\n");
    let mut claude = sandbox.command(program).stdin(Stdio::piped()).spawn().unwrap();
    let process = Process::with_pid(claude.id().cast_signed()).unwrap();
    crate::support::wait::until("it runs", || process.title().contains("claude").then_some(()));

    let text = said(&sandbox, &hook(&sandbox, "wrap --yes")).replace(&claude.id().to_string(), "PID");
    insta::assert_snapshot!(text);
    assert_eq!(fs::read_to_string(&file).unwrap(), DIRECT);
    assert_eq!(fs::read_to_string(&project).unwrap(), WRAPPED, "what it only reads is written");

    // One that has another home has another file.
    let other = Sandbox::new();
    let theirs = other.write("home/.claude.json", DIRECT);
    hook(&other, "wrap --yes").ok();
    assert_eq!(fs::read_to_string(theirs).unwrap(), WRAPPED);

    drop(claude.stdin.take());
    claude.wait().unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), WRAPPED);
}
