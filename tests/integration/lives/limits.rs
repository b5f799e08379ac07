//! What a server may use, what is taken down of it, and the signal that asks it to end.

use std::fs;
use std::io::Write;

use serde_json::Value;

use super::{Lives, READY};
use crate::support::BackgroundSession;
use crate::support::{Sandbox, Tree};

/// A server whose child takes 200 MiB, but only in its first life; `before` stands in front of the child's command.
fn greedy_with(sandbox: &Sandbox, before: &str) -> Vec<String> {
    let flag = sandbox.path("was-here");
    let hog = "hog = bytearray(200 << 20); hog[::4096] = b'x' * len(hog[::4096]); print('full', flush=True); input()";
    let script = format!(
        "echo ready; if [ -e {0} ]; then exec sleep 1000; fi; touch {0}; sleep 1000 | {before} python3 -c \"{hog}\"",
        flag.display()
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

fn greedy(sandbox: &Sandbox) -> Vec<String> {
    greedy_with(sandbox, "")
}

const LIMIT: [&str; 4] = ["--memory", "100MiB", "--sample", "100ms"];

#[test]
fn a_tree_that_stays_above_its_memory_limit_is_ended_and_started_again() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    session.start(&[&READY[..], &LIMIT].concat(), "greedy", &greedy(&sandbox)).ok();
    let server = Lives::new(&session, &sandbox, "greedy");
    let is_second_life = |record: &Value| record["restarts"] == 1 && record["state"]["ready"] == true;
    let record = server.await_record("the second life", is_second_life);
    assert_eq!(record["last_end"]["reason"], "over-memory", "{record}");
    assert!(record["history"]["peak"].as_u64() > Some(100 << 20), "{record}");
    let log = session.hook("logs", &["greedy"]).ok();
    assert!(log.stdout.contains("warning: ended because its memory stayed above 100 MiB"), "{log}");
    let said = session.hook("status", &["greedy"]).ok();
    assert!(said.stdout.contains("its memory stayed above"), "{said}");
    session.hook("stop", &["greedy"]).ok();
    session.assert_only_shell_left();
}

/// A server whose nine processes share 60 MiB.
const SHARING: &str = "
import os, signal
shared = bytearray(60 << 20); shared[::4096] = b'x' * len(shared[::4096])
print('ready', flush=True)
for _ in range(8):
    if os.fork() == 0: signal.pause()
signal.pause()
";

fn sharing() -> Vec<String> {
    ["python3", "-c", SHARING].map(str::to_owned).to_vec()
}

#[test]
fn pages_that_processes_share_count_once_against_the_limit() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    session.start(&[&READY[..], &["--memory", "200MiB", "--sample", "100ms"]].concat(), "sharing", &sharing()).ok();
    let server = Lives::new(&session, &sandbox, "sharing");
    let above = |sample: &Value| sample["memory"].as_u64() > Some(400 << 20);
    let record = server.await_record("looks at it", |record| {
        let samples = record["history"]["samples"].as_array().map_or(&[][..], Vec::as_slice);
        record["restarts"] == 1 || samples.iter().filter(|&sample| above(sample)).count() > 4
    });
    assert_eq!((&record["restarts"], &record["state"]["is"]), (&0.into(), &"running".into()), "{record}");
    let shown = session.hook("status", &["sharing", "--json"]).ok().json();
    let shown = &shown["sessions"][0]["servers"][0];
    let [resident, proportional] =
        ["memory_bytes", "memory_proportional_bytes"].map(|key| shown[key].as_u64().expect(key));
    assert!(resident > 400 << 20 && proportional < 200 << 20, "{shown}");
    let said = session.hook("status", &["sharing"]).ok();
    assert!(said.stdout.contains(" MiB (PSS "), "{said}");
    session.hook("stop", &["sharing"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn where_nobody_tells_what_is_shared_it_counts_for_each_and_the_log_says_so() {
    let sandbox = Sandbox::new();
    sandbox.env("MCP_HOOK_FAILPOINT", "smaps-rollup");
    let session = BackgroundSession::open(&sandbox);
    let options = [&READY[..], &["--memory", "200MiB", "--sample", "100ms", "--restart", "no"]].concat();
    session.start(&options, "sharing", &sharing()).ok();
    let server = Lives::new(&session, &sandbox, "sharing");
    assert_eq!(server.await_over()["reason"], "over-memory");
    let log = session.hook("logs", &["sharing"]).ok().stdout;
    assert!(log.contains("warning: what its processes share cannot be told"), "{log}");
}

#[test]
fn a_tree_that_is_not_to_be_started_again_is_ended_all_the_same() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let options = [&READY[..], &LIMIT, &["--restart", "no"]].concat();
    session.start(&options, "greedy", &greedy(&sandbox)).ok();
    let server = Lives::new(&session, &sandbox, "greedy");
    server.await_record("its end", |record| record["state"]["is"] == "ended");
    assert_eq!(server.await_over()["reason"], "over-memory");
    let shown = sandbox.server("greedy").unwrap();
    assert_eq!((&shown["state"], &shown["restarts"]), (&"failed".into(), &0.into()), "{shown}");
    assert_eq!(shown["reason"], "its memory stayed above 100 MiB");
}

#[test]
fn what_was_let_go_does_not_count_for_the_next_life() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let fifo = sandbox.path("input");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open for both, so that the child that is let go waits for input until the test ends it.
    let input = fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    // The output that it had from the server ends with the server.
    let kept = format!("MCP_HOOK_KEEP=1 setsid <{} >/dev/null", fifo.display());
    session.start(&[&READY[..], &LIMIT].concat(), "greedy", &greedy_with(&sandbox, &kept)).ok();
    let server = Lives::new(&session, &sandbox, "greedy");
    let above = |sample: &Value| sample["memory"].as_u64() > Some(100 << 20);
    let record = server.await_record("looks at the second life", |record| {
        let samples = record["history"]["samples"].as_array().map_or(&[][..], Vec::as_slice);
        record["restarts"] == 1 && samples.iter().filter(|&sample| above(sample)).count() > 4
    });
    assert_eq!(record["state"]["is"], "running", "{record}");
    session.hook("stop", &["greedy"]).ok();
    (&input).write_all(b"end\n").unwrap();
    session.assert_only_shell_left();
}

#[test]
fn a_client_is_told_that_its_server_used_too_much_memory() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let head = ["run", "--direct"].into_iter().chain(LIMIT).chain(["greedy", "--"]).map(str::to_owned);
    let said = sandbox.run(command.args(head.chain(greedy(&sandbox))));
    assert!(said.stderr.contains("mcp-hook: ended greedy because its memory stayed above 100 MiB\n"), "{said}");
    // Whether it got as far as to say that it is full depends on who was faster.
    assert!(said.code() == 143 && said.stdout.starts_with("ready\n"), "{said}");
    sandbox.assert_clean();
}

#[test]
fn numbers_are_taken_down_again_and_again_and_anew_in_each_life() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "server");
    server.start(&sandbox, &["--sample", "100ms"]);
    let samples = |record: &Value| record["history"]["samples"].as_array().map_or(0, Vec::len);
    let first = server.await_record("three samples", |record| samples(record) >= 3);
    let memory = |sample: &Value| sample["memory"].as_u64().expect("a size");
    let taken = first["history"]["samples"].as_array().unwrap();
    assert!(taken.iter().all(|sample| memory(sample) > 0), "{first}");
    assert!(taken.is_sorted_by_key(|sample| sample["at"].as_u64()), "{first}");
    let begin = taken[0]["at"].as_u64();
    server.end_all("3");
    server.await_life(1);
    let second = server.await_record("samples of the second life", |record| {
        samples(record) >= 1 && record["history"]["samples"][0]["at"].as_u64() > begin
    });
    assert!(second["history"]["peak"].as_u64() >= first["history"]["peak"].as_u64(), "{second}");
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn a_server_is_asked_to_end_by_the_signal_of_its_choice() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for (signal, number) in [("SIGINT", 2), ("SIGHUP", 1), ("SIGUSR1", 10)] {
        let noted = sandbox.path(format!("signals-{signal}"));
        let mut tree = Tree::new(&sandbox, signal);
        let command = tree.command(&["--log-signals", noted.to_str().unwrap(), "--ready"]);
        session.start(&["--grace", "300ms", "--no-tty", "--stop-signal", signal], signal, &command).ok();
        tree.wait_for(&["leader"]);
        session.hook("stop", &[signal]).ok();
        session.assert_over(&tree, signal);
        let noted = fs::read_to_string(noted).unwrap();
        let numbers: Vec<u32> = noted.lines().map(|line| line.parse().unwrap()).collect();
        let asked: Vec<_> = numbers.into_iter().filter(|&number| number != 18).collect();
        assert_eq!(asked, [number], "{signal}");
    }
}
