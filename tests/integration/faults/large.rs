//! Commands that are longer than what a record may hold, and records that are larger than what is read back.

use std::fs;

use crate::support::watchers::{freeze, kill_both};
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Sandbox, Tree};

/// Arguments that the kernel takes and a record does not: each is shorter than 128 KiB (`MAX_ARG_STRLEN`, `execve(2)`).
fn arguments() -> Vec<String> {
    vec!["x".repeat(100_000); 12]
}

#[test]
fn a_command_that_is_too_long_to_be_recorded_is_refused_before_anything_is_started() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for verb in ["start", "run"] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args([verb, "--session", &session.id, "long", "--", "sh", "-c", "sleep 1000", "sh"]).args(arguments());
        let said = sandbox.run(&mut command).expect_code(1);
        assert!(said.stderr.contains(&format!("could not {verb} long: its record would have 1200")), "{said}");
        assert!(said.stderr.contains("hint: put long arguments into a file"), "{said}");
        session.assert_only_shell_left();
        assert!(session.record("long").is_none(), "something was recorded");
    }
}

/// A server with a daemon that nothing but its mark tells of, and a record that nobody can read.
fn unreadable<'s>(session: &BackgroundSession<'s>, sandbox: &'s Sandbox) -> (Tree<'s>, Watchers) {
    let mut tree = Tree::new(sandbox, "web");
    let command = tree.command(&["--member", "daemon", "--ready"]);
    session.start(&["--grace", "300ms"], "web", &command).ok();
    tree.wait_for(&["leader", "daemon"]);
    let watchers = Watchers::above(tree.member("leader").process);
    (tree, watchers)
}

/// More than what is read back.
fn spoil(session: &BackgroundSession) {
    fs::write(session.file("web.json"), vec![b' '; (1 << 20) + 1]).unwrap();
}

#[test]
fn stop_and_restart_have_the_supervisor_write_a_record_again_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (mut tree, _) = unreadable(&session, &sandbox);
    spoil(&session);
    tree.forget();
    session.hook("restart", &["web"]).ok();
    tree.wait_for(&["leader", "daemon"]);
    spoil(&session);
    session.hook("stop", &["--all"]).ok();
    assert_eq!(session.assert_over(&tree, "web")["reason"], "stopped");
}

#[test]
fn stop_ends_a_server_whose_record_can_be_neither_read_nor_written() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, _) = unreadable(&session, &sandbox);
    fs::remove_file(session.file("web.json")).unwrap();
    fs::create_dir(session.file("web.json")).unwrap();
    let said = session.hook("stop", &["web"]).ok();
    assert!(said.stderr.contains("stopped web, whose record could not be read"), "{said}");
    tree.assert_gone();
    session.assert_only_shell_left();
    assert!(!session.is_locked("web"));
}

#[test]
fn what_lost_its_watchers_and_its_record_is_swept_by_mark_and_token() {
    for verb in ["stop", "start", "cleanup"] {
        let sandbox = Sandbox::new();
        let mut session = BackgroundSession::open(&sandbox);
        let (tree, watchers) = unreadable(&session, &sandbox);
        kill_both(watchers);
        spoil(&session);
        assert!(tree.member("daemon").process.alive(), "the daemon was out of reach of the hang-up");
        match verb {
            "stop" => {
                let said = session.hook("stop", &["web"]).ok();
                assert!(said.stderr.contains("stopped web, whose record could not be read"), "{said}");
                assert!(session.record("web").is_none(), "the record is left");
                session.hook("stop", &["web"]).expect_code(1);
            }
            "start" => {
                session.start(&[], "web", &["sleep".to_owned(), "1000".to_owned()]).ok();
                tree.assert_gone();
                session.hook("stop", &["web"]).ok();
            }
            _ => {
                session.kill_shell();
                let said = sandbox.hook(["cleanup"]).ok();
                assert!(said.stdout.contains("ended server web (its record cannot be read)"), "{said}");
            }
        }
        tree.assert_gone();
        if verb == "cleanup" {
            sandbox.assert_clean();
        } else {
            session.assert_only_shell_left();
        }
    }
}

#[test]
fn cleanup_ends_a_server_of_a_dead_session_whose_watchers_are_stopped_and_whose_record_cannot_be_read() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = unreadable(&session, &sandbox);
    watchers.both().into_iter().for_each(freeze);
    spoil(&session);
    session.kill_shell();
    let said = sandbox.hook(["cleanup"]).ok();
    assert!(said.stdout.contains("ended server web (its record cannot be read)"), "{said}");
    tree.assert_gone();
    sandbox.assert_clean();
}
