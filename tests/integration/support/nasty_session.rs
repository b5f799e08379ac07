//! A session with the nasty tree in it, and what has to be true once it is over.

use std::fs::{self, File};

use super::wait::Deadline;
use super::{Sandbox, Shell, Terminal, Tree};

/// A window whose session runs the nasty tree as `nasty`, all five members at large.
#[track_caller]
pub fn with_nasty_tree(sandbox: &Sandbox, shell: Shell) -> (Terminal<'_>, Tree<'_>) {
    let mut terminal = Terminal::open(sandbox, shell);
    let tree = start_nasty(sandbox, &mut terminal);
    (terminal, tree)
}

/// Starts the nasty tree as `nasty` in the session of `terminal`.
#[track_caller]
pub fn start_nasty<'s>(sandbox: &'s Sandbox, terminal: &mut Terminal<'_>) -> Tree<'s> {
    let mut tree = Tree::new(sandbox, "nasty");
    terminal.run(&format!("mcp-hook start nasty -- {}", tree.nasty_line())).ok();
    tree.wait_nasty();
    tree
}

/// Waits until the tree is gone and with it everything that was started for it, then looks for what must not be left: a lock
/// that is held, a record that says that something runs.
#[track_caller]
pub fn assert_over(sandbox: &Sandbox, tree: &Tree) {
    tree.assert_gone();
    sandbox.assert_clean();
    assert_nothing_recorded_alive(sandbox);
}

/// The second half of [`assert_over`].
#[track_caller]
pub fn assert_nothing_recorded_alive(sandbox: &Sandbox) {
    for session in fs::read_dir(sandbox.runtime().join("pids")).into_iter().flatten() {
        for entry in fs::read_dir(session.unwrap().path()).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "lock") {
                assert!(File::open(&path).unwrap().try_lock().is_ok(), "{} is held", path.display());
            }
        }
    }
    let status = sandbox.status();
    for session in status["sessions"].as_array().into_iter().flatten() {
        for server in session["servers"].as_array().into_iter().flatten() {
            let state = server["state"].as_str().unwrap();
            assert!(matches!(state, "exited" | "failed" | "stopped" | "lost"), "recorded as {state}: {status}");
        }
    }
}

/// Fails unless everything of the tree is alive and stays so for a moment in which a wrong `close` would have ended something:
/// it signals at once, and the plain child has nothing to resist with.
#[track_caller]
pub fn assert_spared(tree: &Tree) {
    tree.assert_alive();
    let child = tree.member("child").process;
    assert!(!child.gone_by(Deadline::after(std::time::Duration::from_secs(2))), "the child was ended\n{tree}");
    tree.assert_alive();
}
