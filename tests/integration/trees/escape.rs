//! Processes that leave their group, their session and their parents, and every way in which they are ended all the same.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::watchers::{kill, kill_both};
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Hold, Process, Sandbox, Tree, wait};

/// Makes a test for each occasion on which an escaped process has to go.
macro_rules! on_each_occasion {
    ($($member:ident $module:ident)*) => {
        $(mod $module {
            #[test]
            fn is_ended_by_stop() {
                super::ended(stringify!($member), |session, _| drop(session.hook("stop", &["escape"]).ok()), "stopped");
            }

            #[test]
            fn is_ended_when_the_supervisor_is_killed() {
                super::ended(stringify!($member), |_, both| super::kill(both.supervisor), "supervisor-lost");
            }

            #[test]
            fn is_ended_when_the_keeper_is_killed() {
                super::ended(stringify!($member), |_, both| super::kill(both.keeper), "keeper-lost");
            }
        })*
    };
}

on_each_occasion! {
    setsid case_16_a_child_in_a_session_of_its_own
    daemon case_17_a_daemon_with_an_empty_environment_that_ignores_term_and_hup
    holder case_16_a_child_in_a_session_of_its_own_that_ignores_term_and_hup
}

/// Starts a server with the escaped `member`, ends it by `end` and expects that both are gone for `reason`.
fn ended(member: &str, end: impl FnOnce(&BackgroundSession, Watchers), reason: &str) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "escape");
    let command = tree.command(&["--member", member, "--ready"]);
    session.start(&["--no-wait", "--grace", "300ms"], "escape", &command).ok();
    tree.wait_for(&["leader", member]);
    assert_escaped(&tree, member);
    end(&session, Watchers::above(tree.member("leader").process));
    let state = session.assert_over(&tree, "escape");
    assert_eq!(state["reason"], reason, "{state}");
}

/// Fails unless the member is where no signal to the group and no parent's death reaches it.
#[track_caller]
fn assert_escaped(tree: &Tree, member: &str) {
    let (leader, escaped) = (tree.member("leader"), tree.member(member));
    assert_ne!(escaped.session, leader.session, "another session");
    assert_ne!(escaped.group, leader.group, "another group");
    if member == "daemon" {
        assert_ne!(escaped.parent, leader.process.pid, "another parent");
        assert_eq!(escaped.environ_bytes, Some(0), "an empty environment");
        let status = fs::read_to_string(format!("/proc/{}/status", escaped.process.pid)).unwrap();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
        let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
        for signal in [Signal::SIGTERM, Signal::SIGHUP] {
            assert_ne!(ignored & (1 << (signal as i32 - 1)), 0, "{signal} is ignored");
        }
        let descriptors = format!("/proc/{}/fd", escaped.process.pid);
        let none = || fs::read_dir(&descriptors).ok()?.next().is_none().then_some(());
        wait::until("the daemon has no descriptor", none);
    }
}

#[test]
fn case_20_the_nasty_tree_is_swept_when_its_supervisor_is_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    kill(watchers.supervisor);
    assert_eq!(session.assert_over(&tree, "nasty")["reason"], "supervisor-lost");
}

#[test]
fn case_21_the_nasty_tree_is_swept_when_its_keeper_is_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, watchers) = session.start_nasty("nasty");
    kill(watchers.keeper);
    assert_eq!(session.assert_over(&tree, "nasty")["reason"], "keeper-lost");
}

#[test]
fn the_nasty_tree_ends_when_its_launcher_is_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (tree, _) = session.start_nasty("nasty");
    kill(tree.member("leader").process);
    let state = session.assert_over(&tree, "nasty");
    assert_eq!((&state["reason"], &state["exit"]["signal"]), (&"exited".into(), &9.into()), "{state}");
}

#[test]
fn a_server_is_in_reach_of_the_hang_up_from_its_first_instruction() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let said = sandbox.path("said");
    // The process group and the foreground group of the terminal: proc_pid_stat(5).
    let script = format!(
        "read pid name state parent group session terminal foreground rest </proc/$$/stat; \
         echo \"$group $foreground\" >{0}.new; mv {0}.new {0}; exec sleep 1000",
        said.display()
    );
    session.start(&["--no-wait"], "first", &["sh", "-c", &script].map(str::to_owned)).ok();
    let line = wait::until("it says where it is", || std::fs::read_to_string(&said).ok());
    let (group, foreground) = line.trim().split_once(' ').unwrap();
    assert_eq!(group, foreground);
}

#[test]
fn case_22_a_tree_like_that_of_npx_is_gone_by_the_hang_up_when_both_watchers_are_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "npx");
    // As `npm exec` → `sh -c` → node: three processes in one group; the trailing `:` keeps each shell from an exec.
    let server = tree.command(&["--ready"]).join(" ");
    let launcher = ["sh", "-c", &format!("sh -c '{server}; :'; :")].map(str::to_owned);
    session.start(&["--no-wait"], "npx", &launcher).ok();
    tree.wait_for(&["leader"]);
    let server = tree.member("leader");
    let parent = |process: Process| Process::with_pid(process.stat().unwrap().parent).unwrap();
    let shell = parent(server.process);
    let launcher = parent(shell);
    assert_eq!((shell.stat().unwrap().group, server.group), (launcher.pid, launcher.pid), "one group");
    kill_both(Watchers::above(launcher));
    for process in [launcher, shell, server.process] {
        assert!(process.gone_by(wait::Deadline::usual()), "{process} survived");
    }
    session.assert_only_shell_left();
    // Nobody was left to write the end down: the next call does.
    session.hook("status", &["npx"]).expect_code(3);
    assert_eq!(session.assert_over(&tree, "npx")["reason"], "watchers-lost");
}

#[test]
fn case_22_daemons_that_outlive_both_watchers_are_swept_by_the_next_call() {
    for call in ["status", "cleanup", "stop", "start", "restart"] {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let (mut tree, watchers) = session.start_nasty("nasty");
        kill_both(watchers);
        for name in ["setsid", "daemon"] {
            assert!(tree.member(name).process.alive(), "{name} was out of reach of the hang-up");
        }
        let left = tree.processes();
        match call {
            "status" => drop(session.hook("status", &["nasty"]).expect_code(3)),
            "cleanup" => drop(sandbox.hook(["cleanup"]).ok()),
            "stop" => drop(session.hook("stop", &["nasty"]).ok()),
            "restart" => drop(session.hook("restart", &["nasty"]).ok()),
            _ => drop(session.start(&["--no-wait", "--grace", "300ms"], "nasty", &tree.nasty_command()).ok()),
        }
        for process in left {
            assert!(process.gone_by(wait::Deadline::usual()), "{process} survived {call}");
        }
        if matches!(call, "start" | "restart") {
            tree.forget();
            tree.wait_nasty();
            session.hook("stop", &["nasty"]).ok();
        }
        let state = session.assert_over(&tree, "nasty");
        let expected = if matches!(call, "start" | "restart") { "stopped" } else { "watchers-lost" };
        assert_eq!(state["reason"], expected, "{call}: {state}");
    }
}

#[test]
fn case_22_what_outlived_both_watchers_and_its_session_is_swept_by_the_next_shell() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let hold = Hold::new(&sandbox, "late");
    let mut tree = Tree::new(&sandbox, "late");
    let options = [&hold.options()[..], &["--member", "holder", "--member", "daemon", "--ready"]].concat();
    session.start(&["--no-wait"], "late", &tree.command(&options)).ok();
    tree.wait_for(&["leader", "holder", "daemon"]);
    kill_both(Watchers::above(tree.member("leader").process));
    session.kill_shell();
    assert!(tree.member("daemon").process.alive() && tree.member("holder").process.alive());
    let next = BackgroundSession::open(&sandbox);
    tree.assert_gone();
    hold.assert_released();
    next.assert_only_shell_left();
    assert!(!session.file("").exists(), "the dead session's files are removed");
}
