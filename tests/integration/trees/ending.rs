//! `stop` of servers that do not leave when they are asked to.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::support::watchers::{freeze, kill, wait_state};
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Hold, Process, Sandbox, Tree, skip, wait};

/// Short enough for a test, long enough to be told from no grace time at all.
const GRACE: [&str; 2] = ["--grace", "300ms"];

/// Starts a tree whose leader does what `options` say and reports last.
#[track_caller]
fn start<'s>(session: &BackgroundSession<'s>, sandbox: &'s Sandbox, name: &str, options: &[&str]) -> Tree<'s> {
    let mut tree = Tree::new(sandbox, name);
    let options: Vec<_> = options.iter().copied().chain(["--ready"]).collect();
    session.start(&GRACE, name, &tree.command(&options)).ok();
    tree.wait_for(&["leader"]);
    tree
}

#[test]
fn case_13_a_server_that_ignores_term_is_killed_after_the_grace_time() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let tree = start(&session, &sandbox, "deaf", &["--ignore-term", "--member", "deaf"]);
    let said = session.hook("stop", &["deaf"]).ok();
    let state = session.assert_over(&tree, "deaf");
    assert_eq!(state["reason"], "stopped");
    assert_eq!(state["exit"]["signal"], 9, "a shell would say 137: {state}");
    assert_eq!(state["killed"], true);
    assert!(state["took"].as_u64() >= Some(300), "not before the grace time was over: {state}");
    assert!(said.stdout.contains("signal 9") || said.stderr.contains("signal 9"), "{said}");
}

#[test]
fn case_13_a_server_that_heeds_term_is_not_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let noted = sandbox.path("signals");
    let tree = start(&session, &sandbox, "tame", &["--log-signals", noted.to_str().unwrap()]);
    session.hook("stop", &["tame"]).ok();
    let state = session.assert_over(&tree, "tame");
    assert_eq!((state["exit"]["code"].as_u64(), &state["killed"]), (Some(143), &false.into()), "{state}");
    let terms = fs::read_to_string(noted).unwrap().lines().filter(|line| *line == "15").count();
    assert_eq!(terms, 1, "one SIGTERM");
}

#[test]
fn case_14_a_stopped_server_is_continued_and_leaves_on_term() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let tree = start(&session, &sandbox, "stopped", &["--member", "frozen"]);
    freeze(tree.member("leader").process);
    session.hook("stop", &["stopped"]).ok();
    let state = session.assert_over(&tree, "stopped");
    assert_eq!((state["exit"]["signal"].as_u64(), &state["killed"]), (Some(15), &false.into()), "{state}");
}

#[test]
fn case_14_a_stopped_server_that_ignores_term_is_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let tree = start(&session, &sandbox, "stopped", &["--ignore-term", "--member", "frozen"]);
    freeze(tree.member("leader").process);
    session.hook("stop", &["stopped"]).ok();
    let state = session.assert_over(&tree, "stopped");
    assert_eq!((state["exit"]["signal"].as_u64(), &state["killed"]), (Some(9), &true.into()), "{state}");
}

/// A cgroup of the freezer, thawed and removed at the end. What is frozen does not even die of SIGKILL.
struct Freezer(PathBuf);

impl Freezer {
    /// `None` where the version 1 freezer is not mounted in its usual place or may not be used.
    fn new() -> Option<Self> {
        let directory = PathBuf::from(format!("/sys/fs/cgroup/freezer/mcp-hook-test-{}", std::process::id()));
        fs::create_dir(&directory).ok()?;
        directory.join("freezer.state").exists().then_some(Self(directory))
    }

    fn put(&self, process: Process) {
        fs::write(self.0.join("cgroup.procs"), process.pid.to_string()).unwrap();
    }

    fn set(&self, state: &str) {
        let file = self.0.join("freezer.state");
        fs::write(&file, state).unwrap();
        let is_set = || fs::read_to_string(&file).is_ok_and(|now| now.trim() == state).then_some(());
        wait::until(&format!("the cgroup is {state}"), is_set);
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("freezer.state"), "THAWED");
        let is_empty =
            || fs::read_to_string(self.0.join("cgroup.procs")).map_or(Some(()), |it| it.is_empty().then_some(()));
        let _ = wait::try_until(is_empty);
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn case_15_a_frozen_server_is_reported_unkillable_and_is_clean_after_the_thaw() {
    let Some(freezer) = Freezer::new() else {
        return skip("case_15", "needs root and the cgroup v1 freezer in /sys/fs/cgroup/freezer");
    };
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let tree = start(&session, &sandbox, "cold", &["--member", "setsid"]);
    let cold = tree.member("leader").process;
    freezer.put(cold);
    freezer.set("FROZEN");
    let said = session.hook("stop", &["cold"]).expect_code(1);
    assert!(said.stderr.contains("not even SIGKILL") && said.stderr.contains(&cold.pid.to_string()), "{said}");
    assert!(cold.alive(), "it was frozen");
    assert!(tree.member("setsid").process.gone_by(wait::Deadline::usual()), "the rest is gone");
    let record = session.record("cold").unwrap();
    assert_eq!(record["state"]["is"], "unkillable", "{record}");
    assert_eq!(record["state"]["pids"], serde_json::json!([cold.pid]));
    assert_eq!(sandbox.server("cold").unwrap()["state"], "unkillable");
    freezer.set("THAWED");
    let state = session.assert_over(&tree, "cold");
    assert_eq!((state["exit"]["signal"].as_u64(), &state["reason"]), (Some(9), &"stopped".into()), "{state}");
}

/// Ends a tree that all hold a FIFO, by `end`, and expects that nobody does any more.
fn end_of_what_cannot_be_listed(members: &[&str], report: &str, end: impl FnOnce(&BackgroundSession, Watchers)) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let hold = Hold::new(&sandbox, "many");
    let mut tree = Tree::new(&sandbox, "many");
    let options: Vec<_> = hold.options().into_iter().chain(members.iter().copied()).chain(["--ready"]).collect();
    session.start(&["--no-wait", "--grace", "300ms"], "many", &tree.command(&options)).ok();
    tree.wait_for(&["leader"]);
    if !report.is_empty() {
        tree.wait_for(&[report]);
    }
    assert!(hold.is_held());
    end(&session, Watchers::above(tree.member("leader").process));
    hold.assert_released();
    session.assert_over(&tree, "many");
}

#[test]
fn case_18_a_process_that_forks_again_and_again_is_stopped() {
    end_of_what_cannot_be_listed(&["--member", "hydra"], "", |session, _| {
        session.hook("stop", &["many"]).ok();
    });
}

#[test]
fn case_18_a_process_that_forks_again_and_again_ends_with_its_supervisor() {
    end_of_what_cannot_be_listed(&["--member", "hydra"], "", |_, watchers| kill(watchers.supervisor));
}

#[test]
fn case_18_a_process_that_forks_again_and_again_ends_with_its_keeper() {
    end_of_what_cannot_be_listed(&["--member", "hydra"], "", |_, watchers| kill(watchers.keeper));
}

/// How many daemons the large tree has.
const MANY: usize = 2000;

/// Fails unless the whole large tree is there, outside the server's group.
fn assert_many(watchers: Watchers) {
    let tree = watchers.supervisor.descendants();
    assert!(tree.len() > MANY, "only {} processes", tree.len());
}

#[test]
fn case_19_a_tree_of_two_thousand_is_stopped() {
    end_of_what_cannot_be_listed(&["--swarm", &MANY.to_string()], "swarm", |session, watchers| {
        assert_many(watchers);
        session.hook("stop", &["many"]).ok();
    });
}

#[test]
fn case_19_a_tree_of_two_thousand_ends_with_its_supervisor() {
    end_of_what_cannot_be_listed(&["--swarm", &MANY.to_string()], "swarm", |_, watchers| {
        assert_many(watchers);
        kill(watchers.supervisor);
    });
}

#[test]
fn a_server_that_is_stopped_from_outside_is_still_watched() {
    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let tree = start(&session, &sandbox, "stopped", &["--member", "deaf"]);
    let leader = tree.member("leader").process;
    leader.signal(Signal::SIGSTOP);
    wait_state(leader, "T");
    session.kill_shell();
    tree.assert_gone();
    sandbox.assert_clean();
}
