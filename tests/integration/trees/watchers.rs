//! Watchers that somebody has stopped: they cannot act, and must not keep anything alive or locked.

use nix::sys::signal::Signal;

use crate::support::Sandbox;
use crate::support::watchers::{freeze, kill_both};
use crate::support::{BackgroundSession, Watchers};

/// Stops what `pick` names, kills the session's owner and expects a clean end.
fn owner_is_killed_after_stopping(pick: impl FnOnce(Watchers)) {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    pick(watchers);
    session.kill_shell();
    tree.assert_gone();
    sandbox.assert_clean();
    assert!(!session.is_locked("nasty"), "the lock is held");
    let record = session.record("nasty").expect("a record");
    assert_eq!(record["state"]["is"], "ended", "{record}");
}

#[test]
fn case_23_a_stopped_supervisor_does_not_keep_the_tree_from_ending_with_the_shell() {
    owner_is_killed_after_stopping(|watchers| freeze(watchers.supervisor));
}

#[test]
fn case_24_a_stopped_keeper_does_not_keep_the_tree_from_ending_with_the_shell() {
    owner_is_killed_after_stopping(|watchers| freeze(watchers.keeper));
}

#[test]
fn case_23_a_supervisor_that_is_stopped_for_good_is_killed_by_the_keeper_at_its_deadline() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    freeze(watchers.supervisor);
    let stubborn = std::thread::spawn(move || {
        // Whoever wakes it up: it is stopped again at once.
        while watchers.supervisor.alive() {
            watchers.supervisor.signal(Signal::SIGSTOP);
            std::thread::yield_now();
        }
    });
    session.kill_shell();
    tree.assert_gone();
    stubborn.join().unwrap();
    sandbox.assert_clean();
    assert!(!session.is_locked("nasty"), "the lock is held");
    assert_eq!(session.state("nasty").as_deref(), Some("ended"));
}

/// Stops what `pick` names and expects that `stop` works as ever.
fn stop_after_stopping(pick: impl FnOnce(Watchers)) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    pick(watchers);
    session.hook("stop", &["nasty"]).ok();
    assert_eq!(session.assert_over(&tree, "nasty")["reason"], "stopped");
}

#[test]
fn case_23_stop_works_when_the_supervisor_is_stopped() {
    stop_after_stopping(|watchers| freeze(watchers.supervisor));
}

#[test]
fn case_24_stop_works_when_the_keeper_is_stopped() {
    stop_after_stopping(|watchers| freeze(watchers.keeper));
}

#[test]
fn case_24_stop_works_when_both_are_stopped() {
    stop_after_stopping(|watchers| watchers.both().into_iter().for_each(freeze));
}

#[test]
fn case_24_when_both_are_stopped_and_the_shell_is_killed_the_next_call_ends_the_tree() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    watchers.both().into_iter().for_each(freeze);
    session.kill_shell();
    tree.assert_alive();
    sandbox.hook(["cleanup"]).ok();
    tree.assert_gone();
    sandbox.assert_clean();
}

/// Starts another server under the name of one that has lost both watchers.
fn name_is_used_again(verb: &str) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    kill_both(watchers);
    assert!(tree.member("daemon").process.alive(), "something has outlived both");
    let command = if verb == "start" { "sleep 1000" } else { "sleep 0.5" };
    session.hook(verb, &["nasty", "--", "sh", "-c", command]).ok();
    tree.assert_gone();
    assert!(session.record("nasty.2").is_none(), "the name was free");
    session.hook("stop", &["nasty"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn case_22_start_ends_what_a_server_of_that_name_left_that_lost_both_watchers() {
    name_is_used_again("start");
}

#[test]
fn case_22_run_ends_what_a_server_of_that_name_left_that_lost_both_watchers() {
    name_is_used_again("run");
}
