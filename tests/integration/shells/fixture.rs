//! The nasty tree itself: if its members did not escape, the tests that end it would show nothing.

use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::support::{Process, Sandbox, Tree};

#[test]
fn nasty_tree_outlives_sigterm_to_its_group_and_sigkill_of_its_leader() {
    let sandbox = Sandbox::new();
    sandbox.forgive();
    let mut tree = Tree::new(&sandbox, "server");
    let words = tree.nasty_command();
    let mut child = sandbox.command(&words[0]).args(&words[1..]).stdout(Stdio::null()).spawn().unwrap();
    tree.wait_nasty();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(tree.member("deaf").process.pid), Signal::SIGTERM).unwrap();
    tree.member("daemon").process.signal(Signal::SIGTERM);
    tree.member("leader").process.signal(Signal::SIGKILL);
    child.wait().unwrap();
    for name in ["setsid", "daemon", "deaf"] {
        assert!(tree.member(name).process.alive(), "{name}");
    }
}

#[test]
fn sandbox_finds_what_a_test_leaves_behind() {
    let result = std::panic::catch_unwind(|| {
        let sandbox = Sandbox::new();
        let mut child = sandbox.command("sleep").arg("1000").spawn().unwrap();
        let process = Process::with_pid(child.id().cast_signed()).unwrap();
        assert_eq!(sandbox.survivors(), [process]);
        process.signal(Signal::SIGKILL);
        child.wait().unwrap();
        assert!(!process.alive());
        assert_eq!(sandbox.survivors(), []);
        sandbox.assert_clean();
    });
    assert!(result.is_ok());
}
