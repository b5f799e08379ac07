//! Signals that nobody asked for, at moments that nobody chose.

use nix::libc;
use nix::sys::signal::Signal;

use crate::support::wait::{self, Deadline};
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Hold, Process, Sandbox, Tree, process};

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What a supervisor takes for a request.
const REQUESTS: [Signal; 5] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];

/// Everything that a process can block and that is no request.
fn noise() -> Vec<i32> {
    let meant = REQUESTS.map(|signal| signal as i32);
    let is_noise = |number: &i32| ![libc::SIGKILL, libc::SIGSTOP].contains(number) && !meant.contains(number);
    (1..32).chain(libc::SIGRTMIN()..=libc::SIGRTMAX()).filter(is_noise).collect()
}

/// Sends `count` of `signals` to processes that `targets` finds, until there are none.
fn disturb(dice: &mut Dice, count: usize, signals: &[i32], targets: impl Fn() -> Vec<Process>) {
    let mut known = targets();
    for round in 0..count {
        if round % 8 == 0 || known.is_empty() {
            known = targets();
        }
        if known.is_empty() {
            return;
        }
        dice.pick(&known).signal_number(*dice.pick(signals));
    }
}

/// Keepers and supervisors of this world, also those that have not given themselves their title yet. What a supervisor has
/// split off and not executed yet is a server already, and dies of signals as a server does.
fn watchers(sandbox: &Sandbox) -> Vec<Process> {
    let is_server = |process: &Process| {
        let parent = process.stat().and_then(|stat| Process::with_pid(stat.parent));
        parent.is_some_and(|parent| parent.title() == "mcp-supervisor")
    };
    let is_watcher = |process: &Process| process.title().starts_with("mcp-") && !is_server(process);
    sandbox.survivors().into_iter().filter(is_watcher).collect()
}

#[test]
fn case_26_a_thousand_signals_that_mean_nothing_change_nothing() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut dice = Dice(0x5eed_0026);
    let (mut tree, hold) = (Tree::new(&sandbox, "noisy"), Hold::new(&sandbox, "noisy"));
    let options = [&hold.options()[..], &["--ignore-term", "--member", "holder", "--ready"]].concat();
    session.start(&["--no-wait", "--grace", "300ms"], "noisy", &tree.command(&options)).ok();
    let found = || watchers(&sandbox);
    disturb(&mut dice, 500, &noise(), found);
    tree.wait_for(&["leader", "holder"]);
    let is_ready = || (session.record("noisy")?["state"]["ready"] == true).then_some(());
    wait::until("the server is ready", is_ready);
    tree.assert_alive();
    let both = Watchers::above(tree.member("leader").process).both();
    let mut stop = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let mut stop = stop.args(["stop", "--session", &session.id, "noisy"]).spawn().unwrap();
    disturb(&mut dice, 500, &noise(), || both.into_iter().filter(|it| it.alive()).collect());
    assert!(stop.wait().unwrap().success());
    hold.assert_released();
    let state = session.assert_over(&tree, "noisy");
    assert_eq!((&state["reason"], &state["exit"]["signal"]), (&"stopped".into(), &9.into()), "{state}");
}

#[test]
fn case_26_a_thousand_signals_with_requests_among_them_leave_one_tree_or_none() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut dice = Dice(0x5eed_0126);
    let (tree, hold) = (Tree::new(&sandbox, "noisy"), Hold::new(&sandbox, "noisy"));
    let options = [&hold.options()[..], &["--member", "holder", "--ready"]].concat();
    let all: Vec<_> = noise().into_iter().chain(REQUESTS.map(|signal| signal as i32)).collect();
    let mut sent = 0;
    while sent < 1000 {
        session.start(&["--no-wait", "--grace", "20ms"], "noisy", &tree.command(&options));
        disturb(&mut dice, 50, &all, || watchers(&sandbox));
        sent += 50;
        let supervisors = watchers(&sandbox).iter().filter(|it| it.title() == "mcp-supervisor").count();
        assert!(supervisors <= 1, "{supervisors} supervisors");
        session.record("noisy").expect("a whole record");
    }
    session.hook("stop", &["noisy"]).ok();
    hold.assert_released();
    session.assert_only_shell_left();
    assert!(!session.is_locked("noisy"));
    assert_eq!(session.state("noisy").as_deref(), Some("ended"));
}

/// A process of ours that is killed in one of the rounds below.
fn victim(dice: &mut Dice, sandbox: &Sandbox, session: &BackgroundSession) -> Option<Process> {
    let all: Vec<_> = sandbox.survivors().into_iter().filter(|it| *it != session.shell).collect();
    let ours: Vec<_> = all.iter().copied().filter(|it| it.title().starts_with("mcp-")).collect();
    (!ours.is_empty()).then(|| *dice.pick(&ours))
}

#[test]
fn a_hundred_processes_of_ours_killed_in_a_row_leave_no_orphan_no_second_supervisor_and_no_half_record() {
    const NAMES: [&str; 3] = ["one", "two", "three"];
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut dice = Dice(0x5eed_0100);
    let holds = NAMES.map(|name| Hold::new(&sandbox, name));
    let trees = NAMES.map(|name| Tree::new(&sandbox, name));
    let mut killed = 0;
    while killed < 100 {
        let number = dice.below(NAMES.len());
        let name = NAMES[number];
        let options = [&holds[number].options()[..], &["--member", "holder", "--member", "setsid", "--ready"]].concat();
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        match dice.below(6) {
            0 => command.args(["stop", "--session", &session.id, name]),
            1 => command.args(["restart", "--session", &session.id, name]),
            2 => command.args(["status", "--session", &session.id]),
            _ => command.args(session.start_arguments(&["--grace", "50ms"], name, &trees[number].command(&options))),
        };
        let mut child = command.spawn().unwrap();
        for _ in 0..2 {
            // A moment of chance between the steps of whatever runs now.
            for _ in 0..dice.below(6) {
                process::all();
            }
            if let Some(process) = victim(&mut dice, &sandbox, &session) {
                process.signal(Signal::SIGKILL);
                killed += 1;
            }
        }
        let process = Process::with_pid(child.id().cast_signed());
        assert!(process.is_none_or(|process| process.gone_by(Deadline::usual())), "the command hangs");
        child.wait().unwrap();
        assert_one_supervisor_each(&sandbox, &session, &NAMES);
    }
    sandbox.hook(["cleanup"]).ok();
    session.hook("stop", &["--all"]).ok();
    holds.iter().for_each(Hold::assert_released);
    session.assert_only_shell_left();
    for name in NAMES {
        assert!(!session.is_locked(name), "{name} is locked");
        let state = session.state(name);
        assert!(matches!(state.as_deref(), None | Some("ended" | "failed")), "{name}: {state:?}");
    }
}

/// Fails if two supervisors of this world run the same name, or a record is not whole.
#[track_caller]
fn assert_one_supervisor_each(sandbox: &Sandbox, session: &BackgroundSession, names: &[&str]) {
    let ours = sandbox.survivors();
    for name in names {
        session.record(name);
        let line = format!("mcp-hook: supervisor {} {name}", session.id);
        let running: Vec<_> = ours
            .iter()
            .filter(|it| {
                let shown = std::fs::read(format!("/proc/{}/cmdline", it.pid)).unwrap_or_default();
                String::from_utf8_lossy(&shown).trim_end_matches('\0') == line
            })
            .collect();
        assert!(running.len() <= 1, "{name} has {} supervisors", running.len());
    }
}
