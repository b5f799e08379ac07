//! Whoever reads what mcp-hook prints goes away.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::WindowSession;
use crate::support::{Sandbox, wait};

#[test]
fn a_followed_log_ends_with_its_reader_and_does_not_wait_for_the_next_line() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.terminal.run("mcp-hook start w -- sh -c 'echo READY; exec sleep 1000'").ok();
    for log in ["logs -f w", "logs -f w --json", "logs --follow"] {
        session.terminal.run(&format!("mcp-hook {log} | grep -m1 READY; mcp-hook log info w READY")).ok();
        session.terminal.run(&format!("mcp-hook {log} | head -n 1")).ok();
    }
    session.end();
}

#[test]
fn a_followed_log_lives_as_long_as_it_is_read_and_ends_then_even_without_its_directory() {
    let sandbox = Sandbox::new();
    sandbox.hook(["log", "info", "w", "one"]).ok();
    let mut command = sandbox.command("mcp-hook");
    let mut follower = command.args(["logs", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(follower.stdout.take().unwrap());
    let mut line = String::new();
    shown.read_line(&mut line).unwrap();
    std::fs::remove_dir_all(sandbox.runtime().join("logs")).unwrap();
    sandbox.hook(["log", "info", "w", "two"]).ok();
    shown.read_line(&mut line).unwrap();
    assert!(line.contains("w one\n") && line.ends_with("w two\n"), "{line}");
    drop(shown);
    let status = wait::until("it ends with its reader", || follower.try_wait().unwrap());
    assert!(status.success());
}
