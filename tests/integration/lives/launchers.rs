//! Servers that a launcher fetches first.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::{Child, Stdio};

use nix::sys::stat::Mode;
use serde_json::json;

use crate::support::BackgroundSession;
use crate::support::{Sandbox, Shell, Terminal, wait};

/// A program that looks like `npx`: it notes that it runs, waits to be let go on, and then runs its arguments.
const NPX: &str = r#"#!/usr/bin/env python3
import os, subprocess, sys
home = os.environ["HOME"]
with open(home + "/runs", "a") as runs: runs.write("x")
order = os.read(os.open(home + "/gate", os.O_RDONLY), 1).decode()
if order == "f":
    print("npm error code EIDLETIMEOUT", file=sys.stderr)
    sys.exit(1)
sys.exit(subprocess.run(["sh", "-c", " ".join(sys.argv[1:])]).returncode)
"#;

/// A sandbox with it, and what it waits at.
struct World {
    sandbox: Sandbox,
    gate: File,
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.program("npx", NPX);
        let fifo = sandbox.home().join("gate");
        nix::unistd::mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        let gate = OpenOptions::new().read(true).write(true).open(fifo).unwrap();
        Self { sandbox, gate }
    }

    /// Lets one of them go on, or fail.
    fn order(&self, order: &str) {
        (&self.gate).write_all(order.as_bytes()).unwrap();
    }

    fn runs(&self) -> usize {
        fs::read(self.sandbox.home().join("runs")).map_or(0, |runs| runs.len())
    }

    fn start(&self, session: &BackgroundSession, options: &[&str], name: &str) -> Child {
        let words = ["npx", "exec", "sleep", "1000"].map(str::to_owned);
        let mut start = self.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        start.args(session.start_arguments(options, name, &words)).stderr(Stdio::piped()).spawn().unwrap()
    }
}

#[track_caller]
fn await_line(session: &BackgroundSession, name: &str, line: &str) {
    wait::until(line, || session.hook("logs", &[name]).stdout.contains(line).then_some(()));
}

#[track_caller]
fn said(start: Child) -> (bool, String) {
    let said = start.wait_with_output().unwrap();
    (said.status.success(), String::from_utf8_lossy(&said.stderr).into_owned())
}

const LATE: &str = "waiting for npm, which has not run the server yet";
const TURN: &str = "waiting for another server that npm fetches to be done";

#[test]
fn a_launcher_is_not_ready_before_it_has_run_something_else() {
    let world = World::new();
    let session = BackgroundSession::open(&world.sandbox);
    let start = world.start(&session, &[], "web");
    await_line(&session, "web", LATE);
    assert_eq!(world.sandbox.server("web").unwrap()["state"], "starting");
    world.order("g");
    let (is_started, text) = said(start);
    assert!(is_started && text.starts_with(&format!("{LATE}\nstarted web, pid ")), "{text}");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn an_installation_does_not_count_against_the_time_limit() {
    let world = World::new();
    let session = BackgroundSession::open(&world.sandbox);
    // It prints nothing: once it runs, the limit holds.
    let options = ["--ready-log", "^ready$", "--ready-timeout", "1s"];
    let start = world.start(&session, &options, "web");
    await_line(&session, "web", LATE);
    assert_eq!(world.sandbox.server("web").unwrap()["state"], "starting");
    world.order("g");
    let (is_started, text) = said(start);
    assert!(!is_started && text.contains("could not start web: it was not ready within 1 s"), "{text}");
    session.assert_only_shell_left();
}

#[test]
fn a_launcher_that_fails_is_a_failed_start_whose_port_is_not_the_reason() {
    let world = World::new();
    let session = BackgroundSession::open(&world.sandbox);
    let start = world.start(&session, &["--port", "auto"], "web");
    world.order("f");
    let (is_started, text) = said(start);
    assert!(!is_started && text.contains("exit status 1 (exited)\n  npm error code EIDLETIMEOUT\n"), "{text}");
    assert_eq!(world.runs(), 1, "it is tried once");
    session.assert_only_shell_left();
}

#[test]
fn cold_starts_by_one_launcher_go_one_after_another() {
    let world = World::new();
    let [one, other] = [(); 2].map(|()| BackgroundSession::open(&world.sandbox));
    let first = world.start(&one, &[], "first");
    wait::until("the first is at work", || (world.runs() == 1).then_some(()));
    let second = world.start(&other, &[], "second");
    await_line(&other, "second", TURN);
    assert_eq!(world.runs(), 1, "the second is not yet");
    world.order("g");
    let (is_started, text) = said(first);
    assert!(is_started, "{text}");
    // The first one runs on, and has had its turn.
    wait::until("the second is at work", || (world.runs() == 2).then_some(()));
    world.order("g");
    let (is_started, text) = said(second);
    assert!(is_started && text.starts_with(&format!("{TURN}\nstarted second")), "{text}");
    one.hook("stop", &["first"]).ok();
    other.hook("stop", &["second"]).ok();
}

#[test]
fn other_caches_are_not_waited_for() {
    let world = World::new();
    let session = BackgroundSession::open(&world.sandbox);
    let first = world.start(&session, &[], "first");
    wait::until("the first is at work", || (world.runs() == 1).then_some(()));
    world.sandbox.env("npm_config_cache", world.sandbox.path("elsewhere"));
    let second = world.start(&session, &[], "second");
    wait::until("so is the second", || (world.runs() == 2).then_some(()));
    world.order("gg");
    for start in [first, second] {
        let (is_started, text) = said(start);
        assert!(is_started, "{text}");
    }
    session.hook("stop", &["first", "second"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_start_that_waits_for_its_turn_can_be_stopped_and_ends_with_its_session() {
    let world = World::new();
    let [one, mut other] = [(); 2].map(|()| BackgroundSession::open(&world.sandbox));
    let first = world.start(&one, &[], "first");
    wait::until("the first is at work", || (world.runs() == 1).then_some(()));
    let [stopped, left] = ["stopped", "left"].map(|name| world.start(&other, &[], name));
    ["stopped", "left"].into_iter().for_each(|name| await_line(&other, name, TURN));
    other.hook("stop", &["stopped"]).ok();
    let (is_started, text) = said(stopped);
    assert!(!is_started && text.contains("could not start stopped: "), "{text}");
    let state = other.record("stopped").unwrap()["state"].clone();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"stopped".into()), "{state}");
    other.kill_shell();
    assert!(!said(left).0);
    assert_eq!(world.runs(), 1, "neither was ever run");
    world.order("g");
    assert!(said(first).0);
    one.hook("stop", &["first"]).ok();
}

/// A server that starts with the session, and counts how often it was tried.
fn autostarted<'s>(sandbox: &'s Sandbox, script: &str) -> Terminal<'s> {
    let line = format!("echo x >>$HOME/tries; {script}");
    let web = json!({ "command": "sh", "args": ["-c", line], "hook": { "autostart": true } });
    sandbox.write("home/.config/mcp-hook/servers.json", json!({ "mcpServers": { "web": web } }).to_string());
    Terminal::open(sandbox, Shell::Bash)
}

fn tries(sandbox: &Sandbox) -> usize {
    fs::read_to_string(sandbox.home().join("tries")).map_or(0, |text| text.lines().count())
}

#[test]
fn what_starts_with_the_session_and_fails_is_tried_again() {
    let sandbox = Sandbox::new();
    let script = "[ $(wc -l <$HOME/tries) -gt 2 ] || { echo busy >&2; exit 1; }; exec sleep 1000";
    let _terminal = autostarted(&sandbox, script);
    wait::until("it runs", || (sandbox.server("web")?["state"] == "running").then_some(()));
    assert_eq!(tries(&sandbox), 3);
}

#[test]
fn what_starts_with_the_session_and_keeps_failing_is_told_by_status_and_doctor() {
    let sandbox = Sandbox::new();
    let mut terminal = autostarted(&sandbox, "echo no such package >&2; exit 1");
    wait::until("it is given up", || (sandbox.server("web")?["state"] == "failed").then_some(()));
    assert_eq!(tries(&sandbox), 4);
    let status = terminal.run("mcp-hook status").ok().stdout;
    assert!(status.contains("no such package"), "{status}");
    let doctor = terminal.run("mcp-hook doctor").stdout;
    assert!(doctor.contains("web did not start with its session: it ended by itself"), "{doctor}");
    assert!(doctor.contains("mcp-hook logs web shows why"), "{doctor}");
}
