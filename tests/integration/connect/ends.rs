//! However a check ends, nothing of what it started is left.

use std::process::Stdio;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{assert_nothing_is_left, connect, define};
use crate::support::faulty;
use crate::support::wait::{self, Deadline};
use crate::support::{Process, Sandbox};

/// Starts a child that ignores signals and holds nothing, tells of both, and says nothing.
const SILENT: &str = "sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1000; done' >/dev/null 2>&1 </dev/null &
    echo $! > child; echo $$ > parent; trap '' TERM INT HUP; while :; do sleep 1000; done";

/// A check of a silent server that waits for it: the command, and what it started.
fn waiting(sandbox: &Sandbox) -> (std::process::Child, Process, Vec<Process>) {
    define(sandbox, &[("silent".to_owned(), json!({"command": "sh", "args": ["-c", SILENT]}))].into_iter().collect());
    // Whoever runs the tests may ignore signals, and so would it.
    let mut command = sandbox.command("env");
    command
        .args(["--default-signal", env!("CARGO_BIN_EXE_mcp-hook"), "check", "--connect", "--timeout", "1h"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let process = Process::with_pid(child.id().cast_signed()).unwrap();
    wait::until("the server runs", || {
        std::fs::read_to_string(sandbox.home().join("parent")).ok().filter(|it| !it.is_empty())
    });
    let started = process.descendants();
    assert!(started.len() >= 3, "a checker, the server and its child: {started:?}");
    started.iter().for_each(|process| sandbox.watch(*process));
    (child, process, started)
}

#[test]
fn an_interrupted_check_ends_what_it_started_before_it_leaves() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let sandbox = Sandbox::new();
        let (mut child, process, started) = waiting(&sandbox);
        process.signal(signal);
        let status = child.wait().unwrap();
        let left: Vec<_> = started.iter().filter(|process| process.alive()).collect();
        assert!(left.is_empty(), "{signal}: {left:?}");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(signal as i32));
        assert_nothing_is_left(&sandbox);
    }
}

#[test]
fn a_killed_check_leaves_nothing_either() {
    let sandbox = Sandbox::new();
    let (mut child, process, _) = waiting(&sandbox);
    process.signal(Signal::SIGKILL);
    child.wait().unwrap();
    sandbox.assert_clean();
    // The next command removes the files.
    connect(&sandbox, &["--timeout", "1ms"]).expect_code(1);
    sandbox.hook(["cleanup"]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn where_both_are_killed_at_once_the_next_cleanup_ends_what_they_left() {
    let sandbox = Sandbox::new();
    let (mut child, process, started) = waiting(&sandbox);
    let checker = started.iter().find(|it| it.stat().is_some_and(|stat| stat.parent == process.pid)).unwrap();
    for both in [Signal::SIGSTOP, Signal::SIGKILL] {
        process.signal(both);
        checker.signal(both);
    }
    child.wait().unwrap();
    assert!(checker.gone_by(Deadline::usual()));
    sandbox.hook(["cleanup"]).ok();
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_killed_checker_leaves_nothing_and_is_said() {
    let sandbox = Sandbox::new();
    let (mut child, process, started) = waiting(&sandbox);
    let checker = started.iter().find(|it| it.stat().is_some_and(|stat| stat.parent == process.pid)).unwrap();
    checker.signal(Signal::SIGKILL);
    assert!(process.gone_by(Deadline::usual()), "the check is over");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_nothing_is_left(&sandbox);
}

/// An engine that starts what it is told to, and does nothing else that it is asked to do.
const ENGINE: &str = r#"#!/bin/sh
for word; do
  case $word in
    run)
      while [ "$1" != box ]; do
        [ "$1" != --cidfile ] || printf '%064d' 7 >"$2"
        shift
      done
      shift
      exec "$@" ;;
    ps) printf '%064d\n' 7; exit ;;
    stop | kill | rm) echo "it does not answer" >&2; exit 1 ;;
  esac
done
"#;

#[test]
fn a_container_that_could_not_be_ended_is_named_with_what_would_end_it() {
    let sandbox = Sandbox::new();
    sandbox.program("docker", ENGINE);
    let program = faulty::program(&sandbox);
    let words = ["run", "-i", "--rm", "box", "python3", program.to_str().unwrap(), "none"];
    define(&sandbox, &[("web".to_owned(), json!({"command": "docker", "args": words}))].into_iter().collect());
    let output = connect(&sandbox, &["--json"]).ok();
    let server = &super::servers(&output)["web"];
    let found = server["findings"].as_array().unwrap().iter().find(|it| it["code"] == "leaves-container");
    let found = found.unwrap_or_else(|| panic!("{server:#}"));
    assert!(found["message"].as_str().unwrap().contains("its container 000000000000 is still there"), "{found:#}");
    assert!(found["hint"].as_str().unwrap().contains("docker"), "{found:#}");
    sandbox.assert_clean();
}
