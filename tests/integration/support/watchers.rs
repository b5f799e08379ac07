//! The processes that answer for a server, and what tests do to them.

use std::fs;

use nix::sys::signal::Signal;

use super::process::{Process, Stat};
use super::wait::{self, Deadline};

/// The two processes that answer for a server, found by descent: the parent of its first process, and that one's parent.
#[derive(Clone, Copy, Debug)]
pub struct Watchers {
    pub supervisor: Process,
    pub keeper: Process,
}

impl Watchers {
    /// Those of the server whose first process is `leader`.
    #[track_caller]
    pub fn above(leader: Process) -> Self {
        let parent = |process: Process| Process::with_pid(process.stat().expect("it lives").parent).expect("it lives");
        let supervisor = parent(leader);
        let watchers = Self { supervisor, keeper: parent(supervisor) };
        assert_eq!(watchers.supervisor.title(), "mcp-supervisor");
        assert_eq!(watchers.keeper.title(), "mcp-keeper");
        watchers
    }

    /// Both.
    pub fn both(self) -> [Process; 2] {
        [self.keeper, self.supervisor]
    }
}

/// Waits until a process is in one of these states of `/proc/PID/stat`.
#[track_caller]
pub fn wait_state(process: Process, states: &str) {
    let is_there = || process.stat().filter(|stat: &Stat| states.contains(stat.state)).map(drop);
    wait::until(&format!("{process} is in one of the states {states}"), is_there);
}

/// Stops a process and waits until all of its threads are: one that has not stopped yet may still read what comes.
#[track_caller]
pub fn freeze(process: Process) {
    process.signal(Signal::SIGSTOP);
    wait::until(&format!("{process} is stopped"), || threads(process).iter().all(|state| *state == 'T').then_some(()));
}

/// The states of its threads.
fn threads(process: Process) -> Vec<char> {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.pid)).into_iter().flatten();
    let numbers = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|number| Some(Stat::of(number)?.state)).collect()
}

/// Kills a process and waits until it is gone.
#[track_caller]
pub fn kill(process: Process) {
    process.signal(Signal::SIGKILL);
    assert!(process.gone_by(Deadline::usual()), "{process} does not die");
}

/// Kills both watchers so that neither has a moment to act on the other's death.
#[track_caller]
pub fn kill_both(watchers: Watchers) {
    watchers.both().into_iter().for_each(freeze);
    watchers.both().into_iter().for_each(|process| process.signal(Signal::SIGKILL));
    for process in watchers.both() {
        assert!(process.gone_by(Deadline::usual()), "{process} does not die");
    }
}
