//! Watchers that their own server keeps from running, for good: it stops them again and again, or traces them.

use crate::support::{BackgroundSession, Watchers};
use crate::support::{Process, Sandbox, Shell, Terminal, Tree, wait};

/// The ways in which a server can do that.
const WAYS: [&str; 2] = ["stopper", "tracer"];

/// Starts a server that keeps its watchers from running, and waits until it does.
#[track_caller]
fn start<'s>(session: &BackgroundSession<'s>, sandbox: &'s Sandbox, way: &str) -> (Tree<'s>, Watchers) {
    let mut tree = Tree::new(sandbox, way);
    let command = tree.command(&["--ready", "--member", way]);
    session.start(&["--no-wait", "--grace", "300ms"], way, &command).ok();
    tree.wait_for(&["leader"]);
    tree.wait_for(&[way]);
    let watchers = Watchers::above(tree.member("leader").process);
    watchers.both().into_iter().for_each(|process| sandbox.watch(process));
    (tree, watchers)
}

#[test]
fn stop_ends_a_server_that_keeps_its_watchers_from_running() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let (tree, _) = start(&session, &sandbox, way);
        let said = session.hook("stop", &[way]).ok();
        assert!(said.stderr.contains(&format!("stopped {way}")), "{said}");
        assert_eq!(session.assert_over(&tree, way)["reason"], "stopped", "{said}");
    }
}

#[test]
fn cleanup_ends_a_server_that_keeps_its_watchers_from_running_once_its_session_is_over() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let mut session = BackgroundSession::open(&sandbox);
        let (tree, _) = start(&session, &sandbox, way);
        session.kill_shell();
        let said = sandbox.hook(["cleanup", "--dry-run"]).ok();
        assert!(said.stdout.contains(&format!("would end server {way} (its shell is gone)")), "{said}");
        tree.assert_alive();
        let said = sandbox.hook(["cleanup"]).ok();
        assert!(said.stdout.contains(&format!("ended server {way} (its shell is gone)")), "{said}");
        assert!(said.stdout.contains("removed the session's files"), "{said}");
        tree.assert_gone();
        sandbox.assert_clean();
    }
}

#[test]
fn the_next_shell_ends_a_server_that_keeps_its_watchers_from_running_once_its_session_is_over() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let mut session = BackgroundSession::open(&sandbox);
        let (tree, _) = start(&session, &sandbox, way);
        session.kill_shell();
        let next = BackgroundSession::open(&sandbox);
        tree.assert_gone();
        next.assert_only_shell_left();
        assert!(!session.file("").exists(), "the files of the session are left");
    }
}

#[test]
fn the_exit_of_a_shell_ends_a_server_that_keeps_its_watchers_from_running() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut tree = Tree::new(&sandbox, "stopper");
    let line = tree.command(&["--ready", "--member", "stopper"]).join(" ");
    terminal.run(&format!("mcp-hook start --no-wait --grace 300ms stopper -- {line}")).ok();
    tree.wait_for(&["leader", "stopper"]);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    tree.assert_gone();
    sandbox.assert_clean();
}

#[test]
fn restart_ends_a_server_that_keeps_its_watchers_from_running_and_starts_it_again() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let mut tree = Tree::new(&sandbox, way);
        let once = sandbox.path("once");
        let line = tree.command(&["--ready", "--member", way]).join(" ");
        let script = format!("[ -e {0} ] && exec sleep 1000; : >{0}; exec {line}", once.display());
        session.start(&["--no-wait", "--grace", "300ms"], way, &["sh", "-c", &script].map(str::to_owned)).ok();
        tree.wait_for(&["leader", way]);
        let said = session.hook("restart", &[way]).ok();
        assert!(said.stderr.contains(&format!("started {way}")), "{said}");
        tree.assert_gone();
        session.hook("stop", &[way]).ok();
        session.assert_only_shell_left();
    }
}

#[test]
fn start_does_not_wait_for_ever_for_a_supervisor_that_is_stopped() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let mut tree = Tree::new(&sandbox, way);
        let command = tree.command(&["--ready", "--member", way]);
        let said = session.start(&["--grace", "300ms", "--ready-delay", "1h", "--ready-timeout", "2h"], way, &command);
        let said = said.expect_code(1);
        tree.wait_for(&["leader", way]);
        let supervisor = Watchers::above(tree.member("leader").process).supervisor.pid;
        let text = format!("could not start {way}: another process keeps its supervisor (pid {supervisor}) stopped");
        assert!(said.stderr.contains(&text), "{said}");
        let status = sandbox.hook(["doctor"]).stdout;
        assert!(status.contains(&format!("the supervisor of {way} (pid {supervisor}) is stopped")), "{status}");
        let status = session.hook("status", &[]).ok().stdout;
        assert!(status.contains(&format!("its supervisor (pid {supervisor}) is stopped")), "{status}");
        session.hook("stop", &[way]).ok();
        tree.assert_gone();
        session.assert_only_shell_left();
    }
}

#[test]
fn a_supervisor_that_is_killed_while_its_server_traces_it_is_noticed_by_its_keeper() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "tracer");
    let command = tree.command(&["--ready", "--member", "supervisor-tracer"]);
    session.start(&["--no-wait", "--grace", "300ms"], "tracer", &command).ok();
    tree.wait_for(&["leader", "supervisor-tracer"]);
    session.kill_shell();
    tree.assert_gone();
    sandbox.assert_clean();
    let is_free = || (!session.is_locked("tracer")).then_some(());
    wait::until("nobody holds the lock", is_free);
}

#[test]
fn a_start_that_is_interrupted_says_that_it_goes_on() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "slow");
    let command = tree.command(&["--ready"]);
    let said = sandbox.path("said");
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    start.args(session.start_arguments(&["--ready-delay", "1h", "--ready-timeout", "2h"], "slow", &command));
    start.stderr(std::fs::File::create(&said).unwrap());
    let mut child = start.spawn().unwrap();
    tree.wait_for(&["leader"]);
    let process = Process::with_pid(child.id().cast_signed()).unwrap();
    wait::until("it waits, and listens for the interrupt", || catches_interrupt(process).then_some(()));
    process.signal(nix::sys::signal::Signal::SIGINT);
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "{status}");
    let text = std::fs::read_to_string(said).unwrap();
    assert!(text.contains("the start of slow goes on"), "{text}");
    tree.assert_alive();
    let again = session.start(&[], "slow", &command).expect_code(1);
    assert!(again.stderr.contains("could not start slow: it is starting already"), "{again}");
    session.hook("stop", &["slow"]).ok();
    session.assert_over(&tree, "slow");
}

fn catches_interrupt(process: Process) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0").trim();
    u64::from_str_radix(caught, 16).is_ok_and(|caught| caught & 0b10 != 0)
}
