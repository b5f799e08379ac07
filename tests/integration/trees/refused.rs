//! A tree of an ordinary user with a process in it that they may not signal: a program with the set-user-ID bit, sudo's child.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid};

use crate::support::Watchers;
use crate::support::watchers::kill;
use crate::support::{Output, Process, Sandbox, Tree, skip, wait};

/// An ordinary user.
const USER: u32 = 65_534;

/// A session of an ordinary user.
struct Ordinary<'s> {
    sandbox: &'s Sandbox,
    shell: Child,
    id: String,
}

impl<'s> Ordinary<'s> {
    /// `None`, said aloud, where this test cannot become one.
    fn open(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            skip(test, "needs root to make a program with the set-user-ID bit");
            return None;
        }
        let mode = |path: &str, mode| fs::set_permissions(sandbox.path(path), Permissions::from_mode(mode)).unwrap();
        sandbox.install(env!("CARGO_BIN_EXE_mcp-hook").as_ref(), "mcp-hook");
        sandbox.install(Tree::program(), "root-tree");
        mode("", 0o755);
        mode("bin/root-tree", 0o4755);
        nix::unistd::chown(&sandbox.home(), Some(Uid::from_raw(USER)), Some(Gid::from_raw(USER))).unwrap();
        sandbox.env("MCP_HOOK_DIR", sandbox.home().join("run"));
        let mut command = sandbox.command("sh");
        command.args(["-c", r#"eval "$(mcp-hook open)"; printf '%s\n' "$MCP_SESSION_ID"; read line"#]);
        let mut shell = demote(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut id = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut id).unwrap();
        assert!(!id.trim().is_empty(), "no session was opened");
        Some(Self { sandbox, shell, id: id.trim().to_owned() })
    }

    fn hook(&self, verb: &str, arguments: &[&str]) -> Output {
        let mut command = self.sandbox.command(self.sandbox.path("bin/mcp-hook"));
        self.sandbox.run(demote(command.arg(verb).args(["--session", &self.id]).args(arguments)))
    }

    fn hook_alone(&self, verb: &str) -> Output {
        let mut command = self.sandbox.command(self.sandbox.path("bin/mcp-hook"));
        self.sandbox.run(demote(command.arg(verb)))
    }

    /// Starts a server under a launcher that is root's: nothing of this user's signals reaches it.
    fn start(&self, options: &[&str]) -> (Tree<'s>, Watchers) {
        let mut tree = Tree::new(self.sandbox, "mixed");
        let command = tree.command(&[&["--become-root"], options, &["--ready"]].concat());
        let line = command.join(" ").replace(Tree::program().to_str().unwrap(), "root-tree");
        let line = format!("{line} & exec sleep 1000");
        self.hook("start", &["--grace", "300ms", "mixed", "--", "sh", "-c", &line]).ok();
        tree.wait_for(&["leader"]);
        let parent = Process::with_pid(tree.member("leader").parent).unwrap();
        (tree, Watchers::above(parent))
    }

    fn state(&self) -> serde_json::Value {
        let path = self.sandbox.home().join("run/pids").join(&self.id).join("mixed.json");
        let record: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        record["state"].clone()
    }

    fn shell(&self) -> Process {
        Process::with_pid(self.shell.id().cast_signed()).expect("the shell runs")
    }
}

impl Drop for Ordinary<'_> {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn demote(command: &mut Command) -> &mut Command {
    command.uid(USER).gid(USER)
}

#[test]
fn stop_ends_a_process_that_may_not_be_signalled_by_the_hang_up_of_its_terminal() {
    let sandbox = Sandbox::new();
    let Some(session) = Ordinary::open(&sandbox, "stop_ends_a_process_that_may_not_be_signalled") else { return };
    let (tree, _) = session.start(&[]);
    let said = session.hook("stop", &["mixed"]).ok();
    assert!(said.stderr.contains("stopped mixed"), "{said}");
    tree.assert_gone();
    let state = session.state();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"stopped".into()), "{state}");
    sandbox.assert_clean_but(&[session.shell()]);
}

#[test]
fn restart_ends_a_process_that_may_not_be_signalled_and_starts_the_server_again() {
    let sandbox = Sandbox::new();
    let Some(session) = Ordinary::open(&sandbox, "restart_ends_a_process_that_may_not_be_signalled") else { return };
    let (mut tree, _) = session.start(&[]);
    let first = tree.member("leader").process;
    tree.forget();
    session.hook("restart", &["mixed"]).ok();
    assert!(!first.alive(), "the old one is gone");
    tree.wait_for(&["leader"]);
    session.hook("stop", &["mixed"]).ok();
    tree.assert_gone();
}

#[test]
fn the_end_of_a_session_ends_a_process_that_may_not_be_signalled() {
    let sandbox = Sandbox::new();
    let Some(session) = Ordinary::open(&sandbox, "the_end_of_a_session_ends_what_may_not_be_signalled") else { return };
    let (tree, _) = session.start(&[]);
    session.shell().signal(Signal::SIGKILL);
    tree.assert_gone();
    drop(session);
    sandbox.assert_clean();
}

#[test]
fn a_process_that_neither_signals_nor_the_hang_up_end_is_named_by_every_command() {
    let sandbox = Sandbox::new();
    let Some(session) = Ordinary::open(&sandbox, "a_process_that_neither_signals_nor_the_hang_up_end") else { return };
    let (tree, watchers) = session.start(&["--ignore-hup"]);
    let left = tree.member("leader").process;
    let who = format!("root-tree (pid {}, of root)", left.pid);
    for verb in ["stop", "restart"] {
        let said = session.hook(verb, &["mixed"]).expect_code(1);
        assert!(said.stderr.contains(&format!("could not {verb} mixed: you may not signal {who}")), "{said}");
        assert!(said.stderr.contains(&format!("sudo kill {}", left.pid)), "{said}");
        assert!(!said.stderr.contains("the kernel holds"), "{said}");
    }
    let said = session.hook("status", &[]).ok();
    assert!(said.stdout.contains("unkillable") && said.stdout.contains(&who), "{said}");
    let said = session.hook_alone("doctor");
    assert!(said.stdout.contains(&who) && !said.stdout.contains("left-overs   none"), "{said}");
    let said = session.hook("start", &["mixed", "--", "sleep", "1000"]).expect_code(1);
    assert!(said.stderr.contains(&who), "{said}");
    assert!(left.alive() && watchers.keeper.alive(), "somebody still waits for it");
    kill(left);
    wait::until("its end is recorded", || (session.state()["is"] == "ended").then_some(()));
    sandbox.assert_clean_but(&[session.shell()]);
}
