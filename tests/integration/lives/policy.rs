//! Which ends are followed by another start.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::Signal;

use super::{Lives, READY};
use crate::support::wait::{self, Deadline};
use crate::support::watchers::{freeze, kill};
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Process, Sandbox};

/// How a server with these options ends after it was ready; true if it is started again.
#[track_caller]
fn is_started_again(options: &[&str], order: &str) -> bool {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "once");
    server.start(&sandbox, options);
    server.end_all(order);
    let record = server.await_record("what follows", |record| {
        record["restarts"] == 1 || matches!(record["state"]["is"].as_str(), Some("ended" | "failed"))
    });
    let again = record["restarts"] == 1;
    if again {
        server.await_life(1);
        server.hook("stop").ok();
    }
    let state = server.await_over();
    assert_eq!(state["reason"], if again { "stopped" } else { "exited" }, "{state}");
    again
}

#[test]
fn on_failure_is_the_default_and_follows_statuses_and_signals_but_not_success() {
    assert!(is_started_again(&[], "3"));
    assert!(is_started_again(&["--restart", "on-failure"], "s9"));
    assert!(!is_started_again(&[], "0"));
}

#[test]
fn always_follows_success_too_and_no_follows_nothing() {
    assert!(is_started_again(&["--restart", "always"], "0"));
    assert!(!is_started_again(&["--restart", "no"], "3"));
    assert!(!is_started_again(&["--restart", "no"], "s9"));
}

#[test]
fn what_could_be_executed_before_is_tried_again_whatever_a_shell_would_say_of_it() {
    for status in ["125", "126", "127"] {
        assert!(is_started_again(&["--restart", "always"], status), "{status}");
    }
    assert!(is_started_again(&[], "127"));
    assert!(!is_started_again(&["--restart", "no"], "127"));
}

#[test]
fn a_program_that_is_missing_for_a_moment_is_waited_for() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let sleep = sandbox.install(std::path::Path::new("/bin/sleep"), "a-server");
    session.start(&["--ready-delay", "1ms"], "upgraded", &["a-server", "1000"].map(str::to_owned)).ok();
    let aside = sandbox.path("aside");
    fs::rename(&sleep, &aside).unwrap();
    let server = Lives::new(&session, &sandbox, "upgraded");
    let pid = session.record("upgraded").unwrap()["state"]["server"]["pid"].as_i64().unwrap();
    kill(Process::with_pid(i32::try_from(pid).unwrap()).expect("it lives"));
    server.await_record("an attempt without it", |record| record["last_end"]["exit"]["code"] == 127);
    fs::rename(&aside, &sleep).unwrap();
    server.await_record("it is back", |record| record["state"]["ready"] == true);
    let log = session.hook("logs", &["upgraded"]).ok().stdout;
    assert!(log.contains("error: could not start upgraded: there is no program a-server on PATH (not-found)"), "{log}");
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn a_start_that_the_system_refuses_for_a_moment_is_tried_again_once_it_was_ready() {
    let sandbox = Sandbox::new();
    sandbox.env("MCP_HOOK_FAILPOINT", "spawn:2");
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "refused");
    server.start(&sandbox, &[]);
    server.end_all("3");
    server.await_life(2);
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn a_crash_right_after_a_restart_is_followed_by_another_start() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (flag, log) = (sandbox.path("crash"), sandbox.path("lives"));
    let script = format!(
        "echo x >>{1}; if [ -e {0} ]; then rm {0}; exit 4; fi; echo ready; exec sleep 1000",
        flag.display(),
        log.display()
    );
    session.start(&READY, "once", &["sh", "-c", &script].map(str::to_owned)).ok();
    fs::write(&flag, "").unwrap();
    session.hook("restart", &["once"]).expect_code(1);
    let server = Lives::new(&session, &sandbox, "once");
    let record = server.await_record("the third life", |record| record["state"]["ready"] == true);
    assert_eq!(record["restarts"], 2, "{record}");
    assert_eq!(fs::read_to_string(log).unwrap(), "x\nx\nx\n");
    server.hook("stop").ok();
    server.await_over();
}

#[test]
fn what_was_never_ready_is_not_started_again() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "early");
    server.end("3");
    let said = sandbox.hook(server.arguments(&["--restart", "always", "--ready-delay", "1h"])).expect_code(1);
    assert!(said.stderr.contains("could not start early: it ended at once with exit status 3 (exited)"), "{said}");
    let state = server.await_over();
    assert_eq!((&state["reason"], &state["early"]), (&"exited".into(), &true.into()), "{state}");
    assert_eq!(session.record("early").unwrap()["restarts"], 0);
    assert_eq!(sandbox.server("early").unwrap()["state"], "failed");
}

#[test]
fn a_first_start_that_could_not_be_executed_is_tried_once() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for (name, words) in [("missing", &["no-such-program"][..]), ("shell", &["sh", "-c", "no-such-program"])] {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        session.start(&["--restart", "always"], name, &words).expect_code(1);
        session.assert_only_shell_left();
        assert_eq!(session.record(name).unwrap()["restarts"], 0, "{name}");
    }
}

#[test]
fn what_was_ready_once_is_started_again_even_if_it_does_not_get_that_far_the_next_time() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let flag = sandbox.path("was-here");
    let script =
        format!("if [ -e {0} ]; then exit 4; fi; touch {0}; echo ready; read line <$1; exit 3", flag.display());
    let server = Lives::new(&session, &sandbox, "once");
    let words = ["sh", "-c", &script, "sh", server.fifo.to_str().unwrap()].map(str::to_owned);
    session.start(&READY, "once", &words).ok();
    std::io::Write::write_all(&mut &server.orders, b"x\n").unwrap();
    server.await_record("the last failure", |record| record["state"]["is"] == "failed");
    let state = server.await_over();
    assert_eq!(state["cause"], "it failed 5 times within 60 s, last with exit status 4");
    assert_eq!(session.record("once").unwrap()["restarts"], 4);
}

#[test]
fn a_client_gets_no_other_server_than_the_one_it_talked_to() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    // It lives long enough to be ready.
    let script = "sleep 0.5; exit 3";
    sandbox.run(command.args(["run", "server", "--", "sh", "-c", script])).expect_code(3);
    sandbox.assert_clean();
}

#[test]
fn a_restart_that_fails_says_so_and_does_not_wait_for_the_next_attempt() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let flag = sandbox.write("works", "");
    let script = format!("[ -e {} ] || {{ echo it is broken >&2; exit 4; }}; echo ready; sleep 1000", flag.display());
    session.start(&READY, "once", &["sh", "-c", &script].map(str::to_owned)).ok();
    std::fs::remove_file(flag).unwrap();
    let said = session.hook("restart", &["once"]).expect_code(1);
    let said = said.stderr.replace(sandbox.root().to_str().unwrap(), "[sandbox]").replace(&session.id, "[id]");
    insta::assert_snapshot!(said, @r"
    mcp-hook: could not start once: it ended at once with exit status 4 (exited)
      it is broken
    hint: mcp-hook logs once shows all of [sandbox]/run/logs/[id]/once.log
    ");
    session.hook("stop", &["once"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn start_waits_for_a_server_that_is_on_its_way_out() {
    start_after_its_end(|watchers, escaped| {
        watchers.supervisor.signal(Signal::SIGCONT);
        assert!(escaped.gone_by(Deadline::usual()), "{escaped}");
    });
}

#[test]
fn start_ends_what_is_left_of_a_server_whose_watchers_are_killed_while_it_waits() {
    start_after_its_end(|watchers, escaped| {
        watchers.both().into_iter().for_each(kill);
        assert!(escaped.alive(), "it has outlived both");
    });
}

/// A server has ended, but its watchers cannot notice; `start` of that name waits until `wake` does something about it.
fn start_after_its_end(wake: impl FnOnce(Watchers, Process)) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "again");
    server.start(&sandbox, &["--restart", "no"]);
    let [leader, escaped] = ["leader", "setsid"].map(|name| server.tree.member(name).process);
    let watchers = Watchers::above(leader);
    watchers.both().into_iter().for_each(freeze);
    server.end("3");
    wait::until("the server has ended", || (!leader.alive()).then_some(()));
    server.tree.forget();

    let mut start = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    start.args(server.arguments(&READY)).stderr(Stdio::piped());
    let start = start.spawn().unwrap();
    let process = Process::with_pid(start.id().cast_signed()).expect("it waits");
    wait::until("it looks for changes", || follows(process).then_some(()));
    wake(watchers, escaped);
    watchers.keeper.signal(Signal::SIGCONT);
    let said = start.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && told.starts_with("started again, pid "), "{told}");
    assert!(!escaped.alive(), "what the first one left is still there");
    server.await_life(0);
    server.hook("stop").ok();
    server.await_over();
}

/// Whether a process follows the changes in a directory (`inotify(7)`).
fn follows(process: Process) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
    descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|it| it.ends_with("anon_inode:inotify"))
}
