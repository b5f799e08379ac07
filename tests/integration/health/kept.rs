//! `"health"`: a server is asked every so often, and started again when it does not answer any more.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{asked, changing, set_mode};
use crate::support::defined_session::write_user;
use crate::support::{BackgroundSession, Output, Process, Sandbox, wait};

/// Defines the changing server as `web`, asked every second, with these changes of `hook`. It has time to answer: on a machine
/// that stands still for a moment, it has not fallen silent.
fn define(sandbox: &Sandbox, changes: &Value) {
    let words = changing(sandbox);
    let mut hook = json!({"port": "auto", "health": {"every": "1s", "timeout": "1m", "failures": 2}});
    for (key, value) in changes.as_object().unwrap() {
        hook[key] = value.clone();
    }
    let entry = json!({"command": words[0], "args": [words[1]], "hook": hook});
    write_user(sandbox, &json!({"mcpServers": {"web": entry}}).to_string());
}

fn start(session: &BackgroundSession<'_>) -> Output {
    session.hook("start", &["web"]).ok()
}

#[track_caller]
fn await_health(sandbox: &Sandbox, state: &str) -> Value {
    wait::until(state, || {
        let health = sandbox.server("web")?["health"].clone();
        (health["state"] == state).then_some(health)
    })
}

#[track_caller]
fn await_restart(sandbox: &Sandbox, restarts: u64) -> Value {
    wait::until("it was started again", || {
        let server = sandbox.server("web")?;
        (server["restarts"] == restarts && server["state"] == "running").then_some(server)
    })
}

/// How often it was asked this.
fn count(sandbox: &Sandbox, method: &str) -> usize {
    asked(sandbox).iter().filter(|line| line.starts_with(method)).count()
}

#[test]
fn a_server_that_answers_is_asked_in_one_session_and_left_alone() {
    for (mode, question, handshakes) in [("well", "tools/list", 1), ("bare", "ping", 1), ("modern", "tools/list", 0)] {
        let sandbox = Sandbox::new();
        set_mode(&sandbox, mode);
        define(&sandbox, &json!({}));
        let session = BackgroundSession::open(&sandbox);
        start(&session);
        assert_eq!(sandbox.server("web").unwrap()["health"]["state"], "unknown");
        let health = await_health(&sandbox, "ok");
        assert_eq!((&health["failures"], &health["code"]), (&json!(0), &Value::Null), "{health}");
        wait::until("it was asked again and again", || (count(&sandbox, question) >= 3).then_some(()));
        assert_eq!(count(&sandbox, "initialize"), handshakes, "{mode}: {:?}", asked(&sandbox));
        let shown = session.hook("status", &["web"]).ok().stdout;
        assert!(shown.contains("    health      ok for "), "{shown}");
        assert_eq!(sandbox.server("web").unwrap()["restarts"], 0);
        session.hook("stop", &["web"]).ok();
        session.assert_only_shell_left();
    }
}

#[test]
fn a_server_of_http_with_sse_is_asked_too() {
    let sandbox = Sandbox::new();
    set_mode(&sandbox, "sse");
    define(&sandbox, &json!({"ready": {"mcp": true}}));
    let session = BackgroundSession::open(&sandbox);
    start(&session);
    assert_eq!(sandbox.server("web").unwrap()["health"]["state"], "ok", "it has answered the handshake");
    wait::until("it was asked twice", || (count(&sandbox, "tools/list") >= 2).then_some(()));
    assert_eq!(await_health(&sandbox, "ok")["failures"], 0);
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

/// Starts a server that falls into this mode, and sees it started again for the reason `why`.
fn assert_started_again(mode: &str, timeout: &str, why: &str) {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({"health": {"every": "1s", "timeout": timeout, "failures": 2}}));
    let session = BackgroundSession::open(&sandbox);
    start(&session);
    await_health(&sandbox, "ok");
    set_mode(&sandbox, mode);
    let failing = await_health(&sandbox, "failing");
    assert!(failing["message"].as_str().unwrap().starts_with(why), "{mode}: {failing}");
    wait::until("it is ended", || (session.record("web")?["restarts"] == 1).then_some(()));
    set_mode(&sandbox, "well");
    let server = await_restart(&sandbox, 1);
    assert_eq!(server["last_exit"]["reason"], "unhealthy", "{mode}: {server}");
    await_health(&sandbox, "ok");
    let log = session.hook("logs", &["web"]).ok().stdout;
    let reason = format!("it was not healthy ({why}, 2 times in a row)");
    assert!(log.contains(&format!("not healthy: {why} (failure 1 of 2)")), "{mode}: {log}");
    assert!(log.contains(&format!("ended because {reason}")), "{mode}: {log}");
    let shown = session.hook("status", &["web"]).ok().stdout;
    assert!(shown.contains(&format!("it was not healthy ({why})")), "{mode}: {shown}");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_server_that_answers_with_an_error_is_started_again_and_the_reason_stands_everywhere() {
    for (mode, why) in [
        ("busy", "it fails with the status 503: no"),
        ("dead-behind", "it answers tools/list with an error: -32000: Connection closed"),
    ] {
        assert_started_again(mode, "1m", why);
    }
}

#[test]
fn a_server_that_answers_no_more_is_started_again() {
    assert_started_again("silent", "5s", "no answer for 5s");
}

#[test]
fn a_server_that_answers_in_part_is_started_again() {
    assert_started_again("half", "5s", "no answer for 5s");
}

#[test]
fn a_server_that_answers_without_an_end_is_started_again() {
    assert_started_again("flood", "5s", "no answer for 5s");
}

#[test]
fn one_that_answers_again_in_time_is_not_started_again() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({"health": {"every": "1s", "timeout": "1s", "failures": 100}}));
    let session = BackgroundSession::open(&sandbox);
    start(&session);
    await_health(&sandbox, "ok");
    set_mode(&sandbox, "silent");
    await_health(&sandbox, "failing");
    let shown = session.hook("status", &[]).ok().stdout;
    assert!(shown.contains("it is not healthy: no answer for 1s (failure "), "{shown}");
    assert!(shown.contains("; mcp-hook check --connect web"), "{shown}");
    set_mode(&sandbox, "well");
    let health = await_health(&sandbox, "ok");
    assert_eq!(health["failures"], 0);
    assert!(session.hook("logs", &["web"]).ok().stdout.contains("hook healthy again"));
    assert_eq!(sandbox.server("web").unwrap()["restarts"], 0);
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn one_that_refuses_the_question_lives_and_so_does_one_with_a_list_that_is_too_long_to_be_read() {
    for mode in ["needs-token", "forbidden", "long"] {
        let sandbox = Sandbox::new();
        set_mode(&sandbox, mode);
        define(&sandbox, &json!({}));
        let session = BackgroundSession::open(&sandbox);
        start(&session);
        await_health(&sandbox, "ok");
        session.hook("stop", &["web"]).ok();
        session.assert_only_shell_left();
    }
}

#[test]
fn one_that_has_never_answered_is_pointed_out_and_not_started_again() {
    let sandbox = Sandbox::new();
    set_mode(&sandbox, "wrong-path");
    define(&sandbox, &json!({}));
    let session = BackgroundSession::open(&sandbox);
    start(&session);
    wait::until("it has failed often enough", || {
        (await_health(&sandbox, "failing")["failures"].as_u64() >= Some(2)).then_some(())
    });
    let before = asked(&sandbox).len();
    wait::until("it was asked once more", || (asked(&sandbox).len() > before + 3).then_some(()));
    let server = sandbox.server("web").unwrap();
    assert_eq!((&server["restarts"], &server["health"]["code"]), (&json!(0), &json!("wrong-path")), "{server}");
    let warning = server["warnings"][0].as_str().unwrap();
    assert!(warning.contains("(wrong-path); it has never answered, so it is not started again for that"), "{warning}");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn without_a_restart_policy_it_is_only_pointed_out() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({"restart": "no"}));
    let session = BackgroundSession::open(&sandbox);
    start(&session);
    await_health(&sandbox, "ok");
    set_mode(&sandbox, "busy");
    wait::until("it has failed often enough", || {
        (await_health(&sandbox, "failing")["failures"].as_u64() >= Some(2)).then_some(())
    });
    set_mode(&sandbox, "well");
    await_health(&sandbox, "ok");
    assert_eq!(sandbox.server("web").unwrap()["restarts"], 0);
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

/// A server that leaves a question unanswered, and its record.
fn unanswered(sandbox: &Sandbox) -> (BackgroundSession<'_>, Value) {
    define(sandbox, &json!({"health": {"every": "1s", "timeout": "1h", "failures": 1}}));
    let session = BackgroundSession::open(sandbox);
    start(&session);
    await_health(sandbox, "ok");
    let before = asked(sandbox).len();
    set_mode(sandbox, "silent");
    wait::until("it is asked", || (asked(sandbox).len() > before).then_some(()));
    let record = session.record("web").unwrap();
    (session, record)
}

#[test]
fn stop_and_restart_are_heard_while_a_question_is_open() {
    let sandbox = Sandbox::new();
    let (session, _) = unanswered(&sandbox);
    session.hook("restart", &["web"]).ok();
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_supervisor_that_is_killed_while_it_asks_leaves_nothing() {
    let sandbox = Sandbox::new();
    let (session, record) = unanswered(&sandbox);
    let pid = record["watchers"]["supervisor"]["pid"].as_i64().unwrap();
    Process::with_pid(i32::try_from(pid).unwrap()).unwrap().signal(Signal::SIGKILL);
    session.assert_only_shell_left();
}

#[test]
fn a_server_that_is_killed_while_it_is_asked_has_ended_by_itself() {
    let sandbox = Sandbox::new();
    let (session, record) = unanswered(&sandbox);
    let pid = record["state"]["server"]["pid"].as_i64().unwrap();
    set_mode(&sandbox, "well");
    Process::with_pid(i32::try_from(pid).unwrap()).unwrap().signal(Signal::SIGKILL);
    let server = await_restart(&sandbox, 1);
    assert_eq!(server["last_exit"]["reason"], "exited", "{server}");
    await_health(&sandbox, "ok");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_server_on_standard_input_is_refused_with_the_way_out() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, r#"{"mcpServers": {"web": {"command": "cat", "hook": {"health": {"every": "30s"}}}}}"#);
    let session = BackgroundSession::open(&sandbox);
    let said = session.hook("start", &["web"]).expect_code(1).stderr;
    assert!(said.contains("hook.health: must stand beside \"port\": a server is asked on its port"), "{said}");
    session.assert_only_shell_left();
}
