//! Ending a server under trial: as a client does, to see how it takes that, or at once.

use std::time::Duration;

use super::events::Events;
use super::life::Life;
use super::own_time::OwnTime;
use crate::container::{self, ClientExit};
use crate::context;
use crate::mcp::check::ending::{AFTER_EOF, AFTER_SIGTERM, Course};
use crate::supervisor::plan::is_kept;
use crate::sys::wait::Exit;
use crate::sys::{Pid, children, process};
use crate::terminate::stages::StopTimeouts;
use crate::terminate::tree::{Ending, Progress};

/// For a server that has shown what there was to see.
const SOON: StopTimeouts = timeouts(Duration::from_millis(500));
/// For one that is killed.
const NOW: StopTimeouts = timeouts(Duration::ZERO);
/// How often the processes of a tree are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a stage of the end lasts by the clock at most, whatever the server waits for.
const LONGEST: Duration = Duration::from_mins(1);

const fn timeouts(stop: Duration) -> StopTimeouts {
    StopTimeouts { before_sigterm: Duration::ZERO, stop, final_sigterm: Duration::from_millis(200) }
}

/// Ends its input, and then all that is left of it, a stage after the other. Returns how its first process ended.
pub fn take_leave(events: &mut Events, life: &mut Life) -> (Option<Exit>, Course) {
    let mut course = Course::default();
    let mut time = OwnTime::begin(life.pid);
    life.close_input();
    course.by_eof = await_exit(events, life, &mut time);
    let exit = if course.by_eof.is_some() {
        course.left = await_others(events, life, &mut time);
        end(events, life, SOON, None)
    } else {
        end_by_signal(events, life, &mut course)
    };
    course.container = end_container(events, exit);
    (exit, course)
}

/// Ends one whose input means nothing to it, which is told to end by a signal.
pub fn dismiss(events: &mut Events, life: &mut Life) -> (Option<Exit>, Course) {
    let mut course = Course { reads_input: false, ..Course::default() };
    let exit = end_by_signal(events, life, &mut course);
    course.container = end_container(events, exit);
    (exit, course)
}

/// Ends it, and notes how long it took if it ended in time.
fn end_by_signal(events: &mut Events, life: &mut Life, course: &mut Course) -> Option<Exit> {
    let mut patience = Patience { time: OwnTime::begin(life.pid), took: None };
    let exit = end(events, life, timeouts(LONGEST), Some(&mut patience));
    course.by_sigterm = patience.took;
    exit
}

/// Ends it without a look at how.
pub fn end_at_once(events: &mut Events, life: &mut Life) -> Option<Exit> {
    let exit = life.exit();
    life.close_input();
    let ended = end(events, life, SOON, None);
    end_container(events, ended);
    exit.or(ended)
}

/// How long its first process took to end, if it did in time.
fn await_exit(events: &mut Events, life: &mut Life, time: &mut OwnTime) -> Option<Duration> {
    loop {
        let has_ended = life.exit().is_some();
        let passed = time.passed();
        if has_ended {
            return Some(time.proven());
        }
        if events.is_called_off || is_over(time, passed, AFTER_EOF) {
            return None;
        }
        events.wait_for(Some(life), Some(LOOK_EVERY));
        drain(life);
    }
}

fn is_over(time: &OwnTime, passed: Duration, limit: Duration) -> bool {
    passed >= limit || time.elapsed() >= LONGEST
}

/// The processes that are there although the first one has ended, if they do not follow it.
fn await_others(events: &mut Events, life: &mut Life, time: &mut OwnTime) -> Vec<String> {
    loop {
        let others: Vec<Pid> = children::ours().into_iter().filter(|&pid| is_left(pid, life.pid)).collect();
        let passed = time.passed();
        if others.is_empty() || events.is_called_off || is_over(time, passed, AFTER_EOF) {
            return others.into_iter().map(|pid| format!("{} (pid {pid})", process::name(pid))).collect();
        }
        events.wait_for(Some(life), Some(LOOK_EVERY));
        drain(life);
    }
}

fn is_left(pid: Pid, first: Pid) -> bool {
    pid != first && process::read(pid).is_some_and(|it| !it.zombie) && !is_kept(pid)
}

/// How long a server is given after SIGTERM, and what its first process took of that.
struct Patience {
    time: OwnTime,
    took: Option<Duration>,
}

impl Patience {
    /// Has what is left killed once it is over. False then.
    fn lasts(&mut self, has_ended: bool, ending: &mut Ending) -> bool {
        let passed = self.time.passed();
        if has_ended {
            self.took.get_or_insert(self.time.proven());
        }
        let is_over = is_over(&self.time, passed, AFTER_SIGTERM);
        if is_over {
            ending.hurry(NOW, context::now());
        }
        !is_over
    }
}

/// Ends the tree, and has patience with it if there is any.
fn end(
    events: &mut Events,
    life: &mut Life,
    timeouts: StopTimeouts,
    mut patience: Option<&mut Patience>,
) -> Option<Exit> {
    let signal = events.plan.record.settings.stop_signal.signal();
    let mut ending = Ending::begin(Some(life.pid), timeouts, context::now()).with_signal(signal);
    let mut exit = None;
    loop {
        let progress = ending.advance(context::now(), is_kept);
        exit = exit.or(ending.leader_exit).or_else(|| life.exit());
        let _ = patience.take_if(|patience| !patience.lasts(exit.is_some(), &mut ending));
        let Progress::Wait(limit) = progress else { return exit };
        if events.is_called_off {
            ending.hurry(StopTimeouts::AT_ONCE, context::now());
        }
        let look = patience.is_some().then_some(LOOK_EVERY);
        events.wait_for(Some(life), limit.into_iter().chain(look).min());
        drain(life);
    }
}

/// A server whose pipes are full could not end.
fn drain(life: &mut Life) {
    life.read_error();
    while !life.read_output().is_empty() {}
}

/// Ends its container, if it is one; returns what is to be said if that is left.
fn end_container(events: &mut Events, exit: Option<Exit>) -> Option<(String, String)> {
    let container = events.plan.container.as_mut()?;
    let client = if matches!(exit, Some(Exit::Code(_))) { ClientExit::ByItself } else { ClientExit::Killed };
    container::end(container, SOON.stop, client, None, &mut container::wait_for_call);
    container.is_left().then(|| (container.complaint(), container.remedy()))
}
