//! Any of our processes dies at any of its steps: whoever comes next finds a state it can repair, and repairs it once.
//!
//! The variable that arms a failpoint is inherited by keeper and supervisor; `NAME:N` means the Nth time (`src/failpoint.rs`).

use crate::support::BackgroundSession;
use crate::support::watchers::kill;
use crate::support::{Hold, Output, Process, Sandbox, Tree, process, wait};

/// What dies while a server is started: `start` itself, the keeper, the supervisor, two of them.
const STARTING: [&str; 13] = [
    "after-first-record",
    "start-split",
    "keeper-born",
    "before-supervisor",
    "supervisor-born",
    "keeper",
    "before-fork",
    "after-fork",
    "keeper,supervisor-born",
    "keeper,before-fork",
    "keeper,after-fork",
    "after-fork,before-sweep",
    "after-fork,after-sweep",
];

/// What dies while it is ended.
const STOPPING: [&str; 8] = [
    "while-stopping",
    "before-end",
    "after-end",
    "before-leaving",
    "while-stopping,before-sweep",
    "while-stopping,after-sweep",
    "before-end,before-sweep",
    "after-end,after-sweep",
];

/// What dies between the end of one tree and the beginning of the next.
const RESTARTING: [&str; 7] = [
    "while-stopping:1",
    "before-end:1",
    "after-end:1",
    "before-fork:2",
    "after-fork:2",
    "before-fork:2,before-sweep",
    "after-fork:2,after-sweep",
];

/// A server whose processes hold a FIFO, one of them beyond the reach of its group.
struct Scene<'s> {
    session: &'s BackgroundSession<'s>,
    sandbox: &'s Sandbox,
    name: String,
    hold: Hold,
    tree: Tree<'s>,
}

impl<'s> Scene<'s> {
    fn new(session: &'s BackgroundSession<'s>, sandbox: &'s Sandbox, name: &str) -> Self {
        let name: String = name.chars().map(|it| if matches!(it, ',' | ':') { '.' } else { it }).collect();
        let (hold, tree) = (Hold::new(sandbox, &name), Tree::new(sandbox, &name));
        Self { session, sandbox, name, hold, tree }
    }

    /// `mcp-hook start` with these failpoints armed, until the server is ready or is not going to be.
    fn start(&self, failpoints: &str) -> Output {
        let members = ["--member", "setsid", "--ready"];
        let options: Vec<_> = self.hold.options().into_iter().chain(members).collect();
        let command = self.tree.command(&options);
        let mut start = self.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        start.args(self.session.start_arguments(&["--grace", "300ms"], &self.name, &command));
        self.sandbox.run(start.env("MCP_HOOK_FAILPOINT", failpoints))
    }

    fn hook(&self, verb: &str) -> Output {
        self.session.hook(verb, &[&self.name])
    }

    fn is_ready(&self) -> bool {
        self.session.record(&self.name).is_some_and(|record| record["state"]["ready"] == true)
    }

    /// Waits until whoever of ours still lives has done what it can.
    #[track_caller]
    fn settle(&self) {
        let is_settled = || (!self.session.is_locked(&self.name) || self.is_ready()).then_some(());
        wait::try_until(is_settled).unwrap_or_else(|| panic!("nothing happens any more\n{}", self.tree));
    }

    /// The supervisors of this world.
    fn supervisors(&self) -> Vec<Process> {
        let ours = self.sandbox.survivors();
        process::all().into_iter().filter(|it| it.title() == "mcp-supervisor" && ours.contains(it)).collect()
    }

    /// The next call, twice: the second one finds nothing left to be done.
    #[track_caller]
    fn call_twice(&self, verb: &str) {
        let had_record = self.session.record(&self.name).is_some();
        let was_ready = self.is_ready();
        for is_first in [true, false] {
            let said = match verb {
                "cleanup" => self.sandbox.hook([verb]).ok(),
                "start" => self.start(""),
                _ => self.hook(verb),
            };
            let expected = match verb {
                "status" if was_ready => 0,
                "status" if had_record => 3,
                "status" => 4,
                "stop" if !had_record => 1,
                "start" if was_ready || !is_first => 1,
                _ => 0,
            };
            let said = said.expect_code(expected);
            if !was_ready && verb != "start" {
                self.hold.assert_released();
                let state = self.session.state(&self.name);
                assert!(matches!(state.as_deref(), None | Some("ended" | "failed")), "{state:?}\n{said}");
            }
            assert!(self.supervisors().len() <= 1, "two supervisors\n{said}");
        }
    }

    /// Expects that nothing is left once whatever may still run was stopped.
    #[track_caller]
    fn assert_over(&self) {
        // What `stop` does is shown elsewhere.
        self.supervisors().into_iter().for_each(kill);
        self.hold.assert_released();
        self.session.assert_only_shell_left();
        assert!(!self.session.is_locked(&self.name), "the lock is held\n{}", self.tree);
        let state = self.session.state(&self.name);
        assert!(matches!(state.as_deref(), None | Some("ended" | "failed")), "{state:?}\n{}", self.tree);
    }
}

/// For each of `failpoints`: a server that `live` leads through its life, then the next call, twice.
fn each(failpoints: &[&str], verb: &str, live: impl Fn(&Scene)) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for failpoint in failpoints {
        eprintln!("failpoint {failpoint}, then {verb}");
        let scene = Scene::new(&session, &sandbox, failpoint);
        scene.start(failpoint);
        scene.settle();
        live(&scene);
        scene.settle();
        scene.call_twice(verb);
        scene.assert_over();
    }
}

fn starting(verb: &str) {
    each(&STARTING, verb, |_| {});
}

fn stopping(verb: &str) {
    each(&STOPPING, verb, |scene| {
        assert!(scene.is_ready(), "{}", scene.tree);
        scene.hook("stop");
    });
}

fn restarting(verb: &str) {
    each(&RESTARTING, verb, |scene| {
        assert!(scene.is_ready(), "{}", scene.tree);
        scene.hook("restart");
    });
}

/// Every rename in the life of a server, the record's and the pid file's, before and after it.
fn writing(moment: &str, verb: &str) {
    let times: Vec<_> = (1..=12).map(|time| format!("{moment}:{time}")).collect();
    each(&times.iter().map(String::as_str).collect::<Vec<_>>(), verb, |scene| {
        if scene.is_ready() {
            scene.hook("restart");
        }
    });
}

/// Makes the tests for one of the calls that may come next.
macro_rules! then {
    ($($verb:ident)*) => {
        $(mod $verb {
            #[test]
            fn case_25_repairs_what_died_at_any_step_of_a_start() {
                super::starting(stringify!($verb));
            }

            #[test]
            fn case_25_repairs_what_died_at_any_step_of_a_stop() {
                super::stopping(stringify!($verb));
            }

            #[test]
            fn case_25_repairs_what_died_at_any_step_of_a_restart() {
                super::restarting(stringify!($verb));
            }

            #[test]
            fn case_25_repairs_what_died_before_any_rename() {
                super::writing("before-rename", stringify!($verb));
            }

            #[test]
            fn case_25_repairs_what_died_after_any_rename() {
                super::writing("after-rename", stringify!($verb));
            }
        })*
    };
}

then! { status cleanup stop start }

#[test]
fn case_25_a_command_that_dies_around_its_request_leaves_a_server_that_the_next_one_stops() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for failpoint in ["before-asking", "after-asking"] {
        for verb in ["stop", "restart"] {
            let scene = Scene::new(&session, &sandbox, &format!("{failpoint}.{verb}"));
            scene.start("").ok();
            let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
            command.args([verb, "--session", &session.id, &scene.name]).env("MCP_HOOK_FAILPOINT", failpoint);
            sandbox.run(&mut command).expect_code(137);
            scene.hook("stop").ok();
            scene.hook("stop").ok();
            scene.assert_over();
        }
    }
}

#[test]
fn case_25_a_sweep_that_dies_is_done_by_the_next_one() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    for failpoint in ["lost-locked", "lost-ended", "before-rename:1", "after-rename:1"] {
        let mut scene = Scene::new(&session, &sandbox, failpoint);
        scene.start("").ok();
        scene.tree.wait_for(&["leader", "setsid"]);
        let watchers = crate::support::Watchers::above(scene.tree.member("leader").process);
        // The keeper has no time to sweep, nor the supervisor to end the tree.
        crate::support::watchers::freeze(watchers.supervisor);
        kill(watchers.keeper);
        kill(watchers.supervisor);
        assert!(scene.hold.is_held(), "something outlived both");
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.arg("cleanup").env("MCP_HOOK_FAILPOINT", failpoint);
        sandbox.run(&mut command).expect_code(137);
        scene.call_twice("cleanup");
        scene.assert_over();
    }
}

#[test]
fn case_25_a_shell_whose_session_was_half_made_or_half_removed_gets_a_whole_one() {
    let sandbox = Sandbox::new();
    sandbox.env("MCP_HOOK_FAILPOINT", "session-directory");
    sandbox.run(sandbox.command("sh").args(["-c", "mcp-hook open; :"])).ok();
    sandbox.unset("MCP_HOOK_FAILPOINT");
    for failpoint in ["before-removal", "after-removal"] {
        let mut session = BackgroundSession::open(&sandbox);
        let scene_name = "server";
        session.start(&["--no-wait"], scene_name, &["sleep".to_owned(), "1000".to_owned()]).ok();
        session.kill_shell();
        sandbox.assert_clean();
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.arg("cleanup").env("MCP_HOOK_FAILPOINT", failpoint);
        sandbox.run(&mut command).expect_code(137);
        for _ in 0..2 {
            sandbox.hook(["cleanup"]).ok();
        }
        assert!(!session.file("").exists(), "what was half removed is removed");
    }
}
