//! A server that fails again and again, and everything that may happen while it waits for the next attempt.

use nix::sys::signal::Signal;

use super::{Lives, READY};
use crate::support::BackgroundSession;
use crate::support::watchers::kill;
use crate::support::{Sandbox, wait};

#[test]
fn case_38_a_crash_loop_is_given_up_after_the_fifth_failure() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    for life in 0..5 {
        server.await_life(life);
        server.end_all("3");
    }
    let state = server.await_over();
    let cause = "it failed 5 times within 60 s, last with exit status 3";
    assert_eq!((&state["is"], &state["cause"]), (&"failed".into(), &cause.into()), "{state}");
    let said = server.hook("status").expect_code(3);
    assert!(said.stdout.contains(cause), "{said}");
    let shown = sandbox.server("crash").unwrap();
    assert_eq!((&shown["state"], &shown["restarts"]), (&"failed".into(), &4.into()), "{shown}");
    assert_eq!(shown["last_exit"]["exit"]["code"], 3, "{shown}");
    let log = session.hook("logs", &["-n", "100", "crash"]).ok().stdout;
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!((count("started, pid"), count("ready after"), count("will be started again in")), (5, 5, 4), "{log}");
    assert_eq!(count(&format!("error: not started again: {cause}")), 1, "{log}");
    server.start(&sandbox, &[]);
    server.await_life(0);
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn case_38_a_failed_server_that_was_killed_says_by_what() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &["--restart", "always"]);
    for life in 0..5 {
        server.await_life(life);
        server.end_all(if life < 4 { "0" } else { "s9" });
    }
    let state = server.await_over();
    assert_eq!(state["cause"], "it ended 5 times within 60 s, last with signal 9");
    assert_eq!(state["code"], 137);
}

#[test]
fn case_38_stop_cancels_the_wait() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    let said = server.hook("stop").ok();
    assert_eq!(said.stderr, "stopped crash before it was started again (it had ended with exit status 3)\n");
    let state = server.await_over();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"stopped".into()), "{state}");
    assert_eq!(state["exit"]["code"], 3);
    assert_eq!(session.record("crash").unwrap()["restarts"], caught.life);
}

#[test]
fn case_38_the_end_of_the_session_cancels_the_wait() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let shell = session.shell;
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    server.catch_waiting();
    shell.signal(Signal::SIGKILL);
    sandbox.assert_clean();
    let state = session.record("crash").unwrap()["state"].clone();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"session-ended".into()), "{state}");
    session.kill_shell();
}

#[test]
fn case_38_restart_ends_the_wait_at_once() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    let said = server.hook("restart").ok();
    assert!(said.stderr.starts_with("started crash, pid "), "{said}");
    server.await_life(caught.life + 1);
    server.hook("stop").ok();
    assert_eq!(server.await_over()["reason"], "stopped");
}

#[test]
fn case_38_a_killed_supervisor_leaves_no_attempt_behind() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    kill(caught.supervisor);
    let state = server.await_over();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"supervisor-lost".into()), "{state}");
    assert_eq!(server.hook("stop").ok().stderr, "crash is not running\n");
}

#[test]
fn case_38_a_killed_keeper_ends_the_wait() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    kill(caught.keeper);
    caught.supervisor.signal(Signal::SIGCONT);
    let state = server.await_over();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"keeper-lost".into()), "{state}");
}

#[test]
fn case_38_a_wait_that_lost_both_watchers_is_over_with_the_next_call() {
    for verb in ["status", "stop", "cleanup"] {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let mut server = Lives::new(&session, &sandbox, "crash");
        server.start(&sandbox, &[]);
        let caught = server.catch_waiting();
        // The keeper has no time to write anything down.
        crate::support::watchers::freeze(caught.keeper);
        kill(caught.supervisor);
        kill(caught.keeper);
        assert_eq!(session.state("crash").as_deref(), Some("waiting"));
        match verb {
            "status" => server.hook(verb).expect_code(3),
            "stop" => server.hook(verb).ok(),
            _ => sandbox.hook([verb]).ok(),
        };
        let state = server.await_over();
        assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"watchers-lost".into()), "{verb}: {state}");
    }
}

#[test]
fn case_38_what_dies_as_the_wait_begins_is_over_with_the_next_call() {
    for failpoints in ["waiting", "waiting,before-sweep", "waiting,after-sweep"] {
        let sandbox = Sandbox::new();
        sandbox.env("MCP_HOOK_FAILPOINT", failpoints);
        let session = BackgroundSession::open(&sandbox);
        let mut server = Lives::new(&session, &sandbox, "crash");
        server.start(&sandbox, &[]);
        sandbox.unset("MCP_HOOK_FAILPOINT");
        server.end_all("3");
        session.assert_only_shell_left();
        server.hook("status").expect_code(3);
        assert_eq!(server.await_over()["is"], "ended", "{failpoints}");
        server.hook("start").expect_code(1);
        server.start(&sandbox, &[]);
        server.hook("stop").ok();
        server.await_over();
    }
}

#[test]
fn a_waiting_server_says_when_the_next_attempt_is_and_that_it_is_not_running() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    let said = server.hook("status").expect_code(3);
    assert!(said.stdout.contains("waiting"), "{said}");
    assert!(said.stdout.contains("it ended by itself: exit status 3; next attempt "), "{said}");
    let shown = sandbox.server("crash").unwrap();
    let until = session.record("crash").unwrap()["state"]["until"].clone();
    assert_eq!((&shown["state"], &shown["next_attempt"]), (&"waiting".into(), &until), "{shown}");
    let again = sandbox.hook(server.arguments(&READY)).expect_code(1);
    insta::assert_snapshot!(again.stderr, @r"
    mcp-hook: could not start crash: it failed and is about to be started again
    hint: mcp-hook restart crash does so now, mcp-hook stop crash calls it off
    ");
    caught.supervisor.signal(Signal::SIGCONT);
    server.await_life(caught.life + 1);
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn a_waiting_server_writes_its_record_again_when_it_is_asked_to() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "crash");
    server.start(&sandbox, &[]);
    let caught = server.catch_waiting();
    std::fs::remove_file(session.file("crash.json")).unwrap();
    caught.supervisor.signal(Signal::SIGUSR2);
    caught.supervisor.signal(Signal::SIGCONT);
    wait::until("the record is back", || session.record("crash"));
    server.hook("stop").ok();
    server.await_over();
}
