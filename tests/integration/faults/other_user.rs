//! Another user's process with the mark of a server: everybody can read that, and set it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::BackgroundSession;
use crate::support::watchers::kill_both;
use crate::support::{Process, Sandbox, skip, wait};

/// Another user than root.
const OTHER: u32 = 65_534;

fn status(process: Process) -> String {
    fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default()
}

/// The mark of a process, as anybody can read it.
fn mark(process: Process) -> String {
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.pid)).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max file locks")).unwrap();
    line.split_whitespace().nth(3).unwrap().to_owned()
}

/// A program of root that another user runs with a mark, as anybody runs `su`. It ends with its input.
fn marked(sandbox: &Sandbox, mark: &str) -> (Child, Process) {
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
    let program = sandbox.install(Path::new("/bin/cat"), "roots");
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let mut command = sandbox.command("/usr/bin/prlimit");
    command.env_clear().current_dir("/").uid(OTHER).gid(OTHER).arg(format!("--locks={mark}:{mark}")).arg(&program);
    let child = command.stdin(Stdio::piped()).spawn().unwrap();
    let process = Process::with_pid(child.id().cast_signed()).expect("it waits");
    wait::until("it runs", || status(process).contains("Name:\troots").then_some(()));
    (child, process)
}

#[test]
fn a_program_of_root_that_another_user_runs_with_the_mark_of_a_server_is_left_alone() {
    const TEST: &str = "a_program_of_root_that_another_user_runs";
    if !nix::unistd::geteuid().is_root() {
        return skip(TEST, "needs root to be another user too");
    }
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("web");
    let (mut child, innocent) = marked(&sandbox, &mark(tree.member("leader").process));
    if !status(innocent).contains(&format!("Uid:\t{OTHER}\t0")) {
        skip(TEST, "needs a place for programs that run as their owner (mounted without nosuid)");
    }
    kill_both(watchers);
    let said = sandbox.hook(["cleanup"]).ok().stdout;
    tree.assert_gone();
    assert!(innocent.alive(), "it was ended: {said}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
