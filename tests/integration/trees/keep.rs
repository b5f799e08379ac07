//! Processes that ask to be let go, with `MCP_HOOK_KEEP=1` in the environment they were started with.

use nix::sys::signal::Signal;

use crate::support::BackgroundSession;
use crate::support::wait::Deadline;
use crate::support::watchers::kill;
use crate::support::{Process, Sandbox, Tree};

/// Starts a server that starts another tree with the variable set, in its own group, by a shell between them. `options` make
/// the server.
#[track_caller]
fn start<'s>(session: &BackgroundSession<'s>, sandbox: &'s Sandbox, options: &[&str]) -> [Tree<'s>; 2] {
    let mut server = Tree::new(sandbox, "server");
    let mut kept = Tree::new(sandbox, "kept");
    let kept_line = kept.command(&["--ready"]).join(" ");
    let server_line = server.command(options).join(" ");
    let line = format!("MCP_HOOK_KEEP=1 {kept_line} & {server_line} & wait");
    let command = ["sh", "-c", &line].map(str::to_owned);
    session.start(&["--no-wait", "--grace", "300ms"], "server", &command).ok();
    server.wait_for(&["leader"]);
    kept.wait_for(&["leader"]);
    let [kept_process, server_process] = [kept.member("leader"), server.member("leader")];
    assert!(kept_process.process.has_env("MCP_HOOK_KEEP=1"));
    assert_eq!(kept_process.group, server_process.group, "it is in the server's group");
    assert_eq!(kept_process.parent, server_process.parent, "it is not adopted yet");
    [server, kept]
}

/// Expects that of the server only the kept process lives, and that record and log say so; ends it.
#[track_caller]
fn assert_let_go(sandbox: &Sandbox, session: &BackgroundSession, server: &Tree, kept: &Tree) {
    let kept: Process = kept.member("leader").process;
    server.assert_gone();
    sandbox.assert_clean_but(&[session.shell, kept]);
    assert!(!session.is_locked("server"), "the lock is held");
    assert!(kept.alive(), "it was ended");
    let record = session.record("server").unwrap();
    assert_eq!(record["state"]["kept"], serde_json::json!([kept.pid]), "{record}");
    let log = session.hook("logs", &["server"]).ok();
    assert!(log.stdout.contains(&format!("let go of pid {}", kept.pid)), "{log}");
    kill(kept);
}

#[test]
fn a_process_that_asks_to_be_let_go_survives_a_stop_though_it_is_in_the_servers_group() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let [server, kept] = start(&session, &sandbox, &["--member", "child", "--member", "setsid", "--ready"]);
    session.hook("stop", &["server"]).ok();
    assert_let_go(&sandbox, &session, &server, &kept);
}

#[test]
fn a_process_that_asks_to_be_let_go_survives_when_the_group_has_to_be_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let options = ["--ignore-term", "--member", "deaf", "--member", "frozen", "--member", "daemon", "--ready"];
    let [server, kept] = start(&session, &sandbox, &options);
    session.hook("stop", &["server"]).ok();
    assert_let_go(&sandbox, &session, &server, &kept);
}

#[test]
fn a_process_that_asks_to_be_let_go_survives_the_end_of_the_session() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let [server, kept] = start(&session, &sandbox, &["--member", "deaf", "--ready"]);
    session.kill_shell();
    assert_let_go_of_a_dead_session(&sandbox, &server, &kept);
}

#[track_caller]
fn assert_let_go_of_a_dead_session(sandbox: &Sandbox, server: &Tree, kept: &Tree) {
    let kept = kept.member("leader").process;
    server.assert_gone();
    sandbox.assert_clean_but(&[kept]);
    assert!(kept.alive(), "it was ended");
    kill(kept);
}

#[test]
fn a_kept_process_stays_through_a_restart_and_is_let_go_at_the_end() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let [mut server, mut kept] = start(&session, &sandbox, &["--ready"]);
    let first = kept.member("leader").process;
    server.forget();
    kept.forget();
    session.hook("restart", &["server"]).ok();
    server.wait_for(&["leader"]);
    kept.wait_for(&["leader"]);
    let second = kept.member("leader").process;
    assert!(first.alive() && second.alive() && first != second);
    session.hook("stop", &["server"]).ok();
    server.assert_gone();
    sandbox.assert_clean_but(&[session.shell, first, second]);
    for process in [first, second] {
        assert!(!process.gone_by(Deadline::after(std::time::Duration::ZERO)));
        process.signal(Signal::SIGTERM);
    }
}
