//! What ends by itself before it has served is a failed start: `start` says so with the last words, and it is tried once.

use crate::support::BackgroundSession;
use crate::support::{Sandbox, wait};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// `start` of these words fails with these last words, and once.
#[track_caller]
fn assert_fails(command: &[&str], last: &str) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let said = session.start(&[], "bad", &words(command)).expect_code(1);
    let told = format!("mcp-hook: could not start bad: it ended at once with exit status 1 (exited)\n  {last}\nhint: ");
    assert!(said.stderr.starts_with(&told), "{said}");
    session.assert_only_shell_left();
    let record = session.record("bad").unwrap();
    assert_eq!((&record["restarts"], &record["state"]["early"]), (&0.into(), &true.into()), "{record}");
    let shown = sandbox.server("bad").unwrap();
    assert_eq!((&shown["state"], &shown["last_words"][0]), (&"failed".into(), &last.into()), "{shown}");
    let all = session.hook("status", &[]).ok().stdout;
    assert!(all.contains(&format!("it ended by itself: exit status 1\n      {last}\n")), "{all}");
    let one = session.hook("status", &["bad"]).expect_code(3).stdout;
    assert!(one.contains(&format!("    last words  {last}\n")), "{one}");
}

#[test]
fn a_script_that_waits_and_then_gives_up_has_not_served() {
    assert_fails(&["sh", "-c", "sleep 2; echo 'npm error code E404' >&2; exit 1"], "npm error code E404");
}

#[test]
fn a_program_that_sleeps_and_then_gives_up_has_not_served() {
    assert_fails(&["python3", "-c", "import sys, time; time.sleep(1); sys.exit('no such host')"], "no such host");
}

#[test]
fn a_program_that_has_not_yet_seen_that_its_child_ended_and_then_gives_up_has_not_served() {
    // So stands a shell between npm and a server that gave up, for a moment.
    let script = "import os, signal, sys
if os.fork() == 0: os._exit(1)
signal.signal(signal.SIGALRM, lambda *_: sys.exit('no such directory'))
signal.alarm(1)
signal.pause()";
    assert_fails(&["python3", "-c", script], "no such directory");
}

#[test]
fn a_program_that_computes_and_then_gives_up_has_not_served() {
    let script = "import sys, time\nend = time.time() + 1\nwhile time.time() < end: pass\nsys.exit('no licence')";
    assert_fails(&["python3", "-c", script], "no licence");
}

#[test]
fn a_program_that_waits_for_a_stranger_and_then_gives_up_has_not_served() {
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port().to_string();
    let script = "import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\ns.settimeout(1)
try: s.recv(1)
except TimeoutError: sys.exit('no answer')";
    assert_fails(&["python3", "-c", script, &port], "no answer");
}

/// The state after a server that `start` called started has given up by itself.
#[track_caller]
fn after_giving_up(before: &str) -> serde_json::Value {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let script = format!("{before}; trap 'echo gave up >&2; exit 1' TERM; while :; do sleep 1000 & wait; done");
    session.start(&[], "late", &words(&["sh", "-c", &script])).ok();
    let pid = session.record("late").unwrap()["state"]["server"]["pid"].as_i64().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap()), nix::sys::signal::Signal::SIGTERM)
        .unwrap();
    let record = wait::until("it has given up", || {
        let record = session.record("late")?;
        (record["state"]["is"] == "ended" || record["restarts"] == 1).then_some(record)
    });
    session.hook("stop", &["late"]).code();
    record
}

#[test]
fn what_seemed_to_be_started_and_gives_up_soon_is_a_failed_start_too() {
    let record = after_giving_up(":");
    assert_eq!((&record["restarts"], &record["state"]["early"]), (&0.into(), &true.into()), "{record}");
}

#[test]
fn what_has_served_is_started_again() {
    let record = after_giving_up("python3 -c 'import sys; sys.stdin.read()' & python3 -m http.server 0 >&2 & sleep 1");
    assert_eq!(record["restarts"], 1, "{record}");
}

#[test]
fn a_server_that_waits_for_its_input_or_for_connections_is_started_however_it_came_to_that() {
    for (name, script) in [
        ("reads", "import sys, time; time.sleep(1); sys.stdin.read()"),
        ("polls", "import select, time; time.sleep(1); p = select.epoll(); p.register(0); p.poll()"),
        ("listens", "import socket, time; time.sleep(1); s = socket.create_server(('127.0.0.1', 0)); s.accept()"),
    ] {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        session.start(&[], name, &words(&["python3", "-c", script])).ok();
        let took: f64 = wait::until("the log tells when it was ready", || {
            let log = session.hook("logs", &[name]).ok().stdout;
            log.split("ready after ").nth(1)?.split(' ').next()?.parse().ok()
        });
        assert!(took >= 1.0, "before it had: {took}");
        session.hook("stop", &[name]).ok();
    }
}
