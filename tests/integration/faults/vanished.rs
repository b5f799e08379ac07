//! A runtime directory that is removed under running servers, as at the last logout while a tmux lives on.

use std::fs;

use crate::support::WindowSession;
use crate::support::{Innocent, Sandbox, Tree};

/// A session with the nasty tree whose runtime directory has just been removed, logs and all.
fn vanished(sandbox: &Sandbox) -> (WindowSession<'_>, Tree<'_>) {
    let mut session = WindowSession::open(sandbox);
    let tree = session.start_nasty();
    fs::remove_dir_all(sandbox.runtime()).unwrap();
    tree.assert_alive();
    (session, tree)
}

#[test]
fn case_41_removed_runtime_directory_costs_no_supervision() {
    let sandbox = Sandbox::new();
    let (session, tree) = vanished(&sandbox);
    session.end();
    tree.assert_gone();
    assert!(!sandbox.runtime().exists(), "nothing is written for a session that is over");
}

#[test]
fn case_41_stop_finds_a_server_whose_runtime_directory_was_removed() {
    let sandbox = Sandbox::new();
    let (mut session, tree) = vanished(&sandbox);
    session.hook("stop web").ok();
    tree.assert_gone();
    session.hook("status web").expect_code(3);
    session.end();
}

#[test]
fn case_41_stop_all_finds_every_server() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start_nasty();
    let mut other = Tree::new(&sandbox, "other");
    session.hook(&format!("start other -- {}", other.nasty_line())).ok();
    other.wait_nasty();
    fs::remove_dir_all(sandbox.runtime()).unwrap();
    session.hook("stop --all").ok();
    tree.assert_gone();
    other.assert_gone();
    session.end();
}

#[test]
fn case_41_status_shows_the_server_as_it_was() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start_nasty();
    let before = session.hook("status web --json").ok().json();
    fs::remove_dir_all(sandbox.runtime()).unwrap();
    let after = session.hook("status web --json").ok().json();
    for key in ["state", "pid", "supervisor_pid", "keeper_pid", "command", "log", "restarts"] {
        assert_eq!(after["sessions"][0]["servers"][0][key], before["sessions"][0]["servers"][0][key], "{key}");
    }
    assert_eq!(after["sessions"][0]["id"], *session.id);
    tree.assert_alive();
    session.end();
    tree.assert_gone();
}

#[test]
fn case_41_start_does_not_run_a_second_server_under_the_name() {
    let sandbox = Sandbox::new();
    let (mut session, tree) = vanished(&sandbox);
    let said = session.hook("start web -- sleep 1000").expect_code(1).stdout;
    assert!(said.contains("it is running already"), "{said}");
    tree.assert_alive();
    session.end();
    tree.assert_gone();
}

#[test]
fn case_41_restart_finds_the_server() {
    let sandbox = Sandbox::new();
    let (mut session, mut tree) = vanished(&sandbox);
    let first = tree.processes();
    tree.forget();
    session.hook("restart web").ok();
    assert!(first.iter().all(|process| !process.alive()), "{tree}");
    tree.wait_nasty();
    session.end();
    tree.assert_gone();
}

#[test]
fn case_41_opening_again_in_the_same_shell_keeps_the_session() {
    let sandbox = Sandbox::new();
    let (mut session, tree) = vanished(&sandbox);
    session.terminal.run("eval \"$(mcp-hook open --owner $$)\"").ok();
    assert_eq!(session.terminal.variable("MCP_SESSION_ID"), session.id);
    session.hook("stop web").ok();
    tree.assert_gone();
    session.end();
}

#[test]
fn case_41_cleanup_from_elsewhere_says_so_and_ends_the_server() {
    let sandbox = Sandbox::new();
    let (session, tree) = vanished(&sandbox);
    let line = "end server web (its session's files are gone)";
    let dry = sandbox.hook(["cleanup", "--dry-run"]).ok();
    assert!(dry.stdout.contains(&format!("would {line}")), "{dry}");
    tree.assert_alive();
    let done = sandbox.hook(["cleanup"]).ok();
    assert!(done.stdout.contains("ended server web (its session's files are gone)"), "{done}");
    tree.assert_gone();
    session.end();
}

#[test]
fn case_41_cleanup_of_another_root_leaves_the_server_alone() {
    let sandbox = Sandbox::new();
    let (session, tree) = vanished(&sandbox);
    let mut cleanup = sandbox.command("mcp-hook");
    let done = sandbox.run(cleanup.arg("cleanup").env("MCP_HOOK_DIR", sandbox.path("another"))).ok();
    assert!(done.stdout.contains("nothing to clean up"), "{done}");
    tree.assert_alive();
    session.end();
    tree.assert_gone();
}

#[test]
fn case_41_program_of_the_server_that_calls_itself_a_supervisor_is_not_taken_for_one() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let innocent = Innocent::start(&sandbox, "innocent");
    let mut tree = Tree::new(&sandbox, "web");
    // Between supervisor and tree, with the token and the mark, stands a shell under the supervisor's name.
    std::os::unix::fs::symlink("/bin/sh", sandbox.path("bin/mcp-supervisor")).unwrap();
    let script = format!("{}; :", tree.command(&["--ready"]).join(" "));
    session.hook(&format!("start web -- mcp-supervisor -c '{script}'")).ok();
    tree.wait_for(&["leader"]);
    fs::remove_dir_all(sandbox.runtime()).unwrap();
    let server = session.hook("status web --json").ok().json()["sessions"][0]["servers"][0].clone();
    assert_eq!(server["state"], "running", "it would have died of the request");
    tree.assert_alive();
    innocent.assert_untouched();
    session.hook("stop web").ok();
    tree.assert_gone();
    session.end();
}
