//! What a server may use, what is taken down of it, and the signal that asks it to end.

use std::fs;

use serde_json::Value;

use super::{Lives, READY};
use crate::support::{Sandbox, Tree};
use crate::trees::session::Session;

/// A server whose child takes 200 MiB, but only in its first life.
fn greedy(sandbox: &Sandbox) -> Vec<String> {
    let flag = sandbox.path("was-here");
    let hog = "hog = bytearray(200 << 20); hog[::4096] = b'x' * len(hog[::4096]); print('full', flush=True); input()";
    let script = format!(
        "echo ready; if [ -e {0} ]; then exec sleep 1000; fi; touch {0}; sleep 1000 | python3 -c \"{hog}\"",
        flag.display()
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

const LIMIT: [&str; 4] = ["--memory", "100MiB", "--sample", "100ms"];

#[test]
fn a_tree_that_stays_above_its_memory_limit_is_ended_and_started_again() {
    let sandbox = Sandbox::new();
    let session = Session::open(&sandbox);
    session.start(&[&READY[..], &LIMIT].concat(), "greedy", &greedy(&sandbox)).ok();
    let server = Lives::new(&session, &sandbox, "greedy");
    let is_second_life = |record: &Value| record["restarts"] == 1 && record["state"]["ready"] == true;
    let record = server.await_record("the second life", is_second_life);
    assert_eq!(record["last_end"]["reason"], "over-memory", "{record}");
    assert!(record["history"]["peak"].as_u64() > Some(200 << 20), "{record}");
    let log = session.hook("logs", &["greedy"]).ok();
    assert!(log.stdout.contains("warning: ended because its memory stayed above 100 MiB"), "{log}");
    let said = session.hook("status", &["greedy"]).ok();
    assert!(said.stdout.contains("its memory stayed above"), "{said}");
    session.hook("stop", &["greedy"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_tree_that_is_not_to_be_started_again_is_ended_all_the_same() {
    let sandbox = Sandbox::new();
    let session = Session::open(&sandbox);
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
fn numbers_are_taken_down_again_and_again_and_anew_in_each_life() {
    let sandbox = Sandbox::new();
    let session = Session::open(&sandbox);
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
    let session = Session::open(&sandbox);
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
