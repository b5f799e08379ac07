//! What a server is given beside its environment: descriptors and signals. And what a hundred servers leave.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::support::WindowSession;
use crate::support::process::Stat;
use crate::support::wait::{self, Deadline};
use crate::support::{Process, Sandbox, Tree};

/// What the tree wrote with `--show`.
struct Shown(String);

impl Shown {
    fn read(path: &Path) -> Self {
        Self(wait::until("the server has shown what it was given", || fs::read_to_string(path).ok()))
    }

    fn descriptors(&self) -> Vec<&str> {
        let mut numbers: Vec<_> =
            self.0.lines().filter_map(|line| line.strip_prefix("fd ")?.split(' ').next()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A line of `/proc/PID/status` about signals, as a number.
    fn signals(&self, key: &str) -> u64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    }

    #[track_caller]
    fn assert_plain(&self) {
        self.assert_only_ignores(0);
    }

    fn assert_only_ignores(&self, signals: u64) {
        assert_eq!(self.descriptors(), ["0", "1", "2"], "{}", self.0);
        assert_eq!((self.signals("SigIgn:"), self.signals("SigBlk:")), (signals, 0), "{}", self.0);
    }
}

/// The descriptors of a process, by what they are.
fn descriptors(process: i32) -> Vec<String> {
    let mut targets: Vec<_> = fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.display().to_string()))
        .collect();
    targets.sort();
    targets
}

fn watchers(session: &mut WindowSession) -> [i32; 2] {
    let server = session.hook("status web --json").ok().json()["sessions"][0]["servers"][0].clone();
    ["keeper_pid", "supervisor_pid"].map(|key| server[key].as_i64().unwrap().try_into().unwrap())
}

#[test]
fn case_32_server_has_no_descriptor_that_the_caller_leaked() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    let shown = sandbox.path("shown");
    let line = tree.command(&["--show", shown.to_str().unwrap(), "--ready"]).join(" ");
    sandbox.write("leak", "");
    session.terminal.run("exec 5<$HOME/../leak 17>>$HOME/../leak 200<$HOME/../leak");
    session.hook(&format!("start web -- {line}")).ok();
    tree.wait_for(&["leader"]);
    Shown::read(&shown).assert_plain();
    let terminal =
        fs::read_link(format!("/proc/{}/fd/0", session.terminal.process().pid)).unwrap().display().to_string();
    for watcher in watchers(&mut session) {
        assert!(!descriptors(watcher).iter().any(|target| target.ends_with("leak")), "{:?}", descriptors(watcher));
        assert!(!descriptors(watcher).contains(&terminal), "{:?}", descriptors(watcher));
    }
    session.end();
}

#[test]
fn case_32_server_started_without_standard_streams_has_them() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    let shown = sandbox.path("shown");
    let line = tree.command(&["--show", shown.to_str().unwrap(), "--ready"]).join(" ");
    session.hook(&format!("start web -- {line} <&- >&- 2>&-")).ok();
    tree.wait_for(&["leader"]);
    Shown::read(&shown).assert_plain();
    session.end();
}

#[test]
fn case_32_server_has_default_signals_though_the_caller_ignores_and_blocks_some() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    let shown = sandbox.path("shown");
    let line = tree.command(&["--show", shown.to_str().unwrap(), "--ready"]).join(" ");
    let script = format!(
        "trap \"\" INT HUP PIPE QUIT CHLD; exec env --block-signal=TERM,USR1,RTMIN mcp-hook start web -- {line}"
    );
    session.terminal.run(&format!("sh -c '{script}'")).ok();
    tree.wait_for(&["leader"]);
    Shown::read(&shown).assert_plain();
    session.hook("stop web").ok();
    tree.assert_gone();
    session.end();
}

#[test]
fn case_32_server_of_a_client_is_given_the_same_and_what_the_client_ignores() {
    let sandbox = Sandbox::new();
    let mut tree = Tree::new(&sandbox, "web");
    let shown = sandbox.path("shown");
    let line = tree.command(&["--show", shown.to_str().unwrap(), "--ready", "--drain", "--leave"]).join(" ");
    sandbox.write("leak", "");
    let script =
        format!("trap '' INT HUP PIPE; exec 7<$HOME/../leak; exec env --block-signal=TERM mcp-hook run web -- {line}");
    let mut client = sandbox.command("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
    tree.wait_for(&["leader"]);
    // What of INT, QUIT and HUP the client ignores is not the server's business either (nohup(1)).
    let ignored = [Signal::SIGHUP, Signal::SIGINT].map(|signal| 1 << (signal as i32 - 1)).iter().sum();
    Shown::read(&shown).assert_only_ignores(ignored);
    drop(client.stdin.take());
    assert!(client.wait().unwrap().success());
    tree.assert_gone();
}

#[test]
fn case_32_hundred_cycles_leave_no_process_no_zombie_and_no_file() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut watched = Vec::new();
    for _ in 0..100 {
        session.hook("start --no-wait web -- sleep 1000").ok();
        let below: Vec<_> = sandbox.survivors();
        watched.extend(below.into_iter().filter(|process| *process != session.terminal.process()));
        session.hook("stop web").ok();
    }
    assert!(watched.len() >= 100, "at least the keeper of each was seen: {}", watched.len());
    for process in &watched {
        assert!(process.gone_by(Deadline::usual()), "{process}");
        let is_zombie_of_ours =
            |process: &Process| process.stat().is_some_and(|stat| stat.parent != 1 && Stat::of(stat.parent).is_some());
        wait::until("what has ended is collected", || (!is_zombie_of_ours(process)).then_some(()));
    }
    assert_eq!(files(&session.pids), ["session.json", "session.pid", "web.json", "web.lock"]);
    assert_eq!(files(&sandbox.runtime().join("logs").join(&session.id)), ["web.log"]);
    assert_eq!(files(&sandbox.runtime().join("configs").join(&session.id)), [""; 0]);
    session.end();
}

#[test]
fn case_32_restarts_do_not_grow_the_watchers() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    session.hook("restart web").ok();
    let before = watchers(&mut session);
    let count = |pids: [i32; 2]| pids.map(|pid| descriptors(pid).len());
    let descriptors_before = count(before);
    for _ in 0..5 {
        session.hook("restart web").ok();
    }
    assert_eq!(watchers(&mut session), before, "the same two processes");
    assert_eq!(count(before), descriptors_before);
    drop(tree);
    session.end();
}

fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
