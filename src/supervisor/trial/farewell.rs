//! Ending a server under trial: as a client does, to see how it takes that, or at once.

use std::time::{Duration, Instant};

use super::events::Events;
use super::life::Life;
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
/// How often the processes of a tree are looked at whose first one has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

const fn timeouts(stop: Duration) -> StopTimeouts {
    StopTimeouts { before_sigterm: Duration::ZERO, stop, final_sigterm: Duration::from_millis(200) }
}

/// Ends its input, and then all that is left of it, a stage after the other. Returns how its first process ended.
pub fn take_leave(events: &mut Events, life: &mut Life) -> (Option<Exit>, Course) {
    let mut course = Course::default();
    let began = context::now();
    life.close_input();
    await_exit(events, life, began + AFTER_EOF);
    let patience = if life.exit().is_some() {
        course.by_eof = Some(context::now().duration_since(began));
        course.left = await_others(events, life, began + AFTER_EOF);
        SOON
    } else {
        timeouts(AFTER_SIGTERM)
    };
    let exit = end_by_signal(events, life, patience, &mut course);
    course.container = end_container(events, exit);
    (exit, course)
}

/// Ends it, and notes how long it took if it ended in time.
fn end_by_signal(events: &mut Events, life: &mut Life, patience: StopTimeouts, course: &mut Course) -> Option<Exit> {
    let sigterm = context::now();
    end(events, life, patience, &mut |now| {
        if course.by_sigterm.is_none() && now < sigterm + AFTER_SIGTERM {
            course.by_sigterm = Some(now.duration_since(sigterm));
        }
    })
}

/// Ends one whose input means nothing to it, which is told to end by a signal.
pub fn dismiss(events: &mut Events, life: &mut Life) -> (Option<Exit>, Course) {
    let mut course = Course { reads_input: false, ..Course::default() };
    let exit = end_by_signal(events, life, timeouts(AFTER_SIGTERM), &mut course);
    course.container = end_container(events, exit);
    (exit, course)
}

/// Ends it without a look at how.
pub fn end_at_once(events: &mut Events, life: &mut Life) -> Option<Exit> {
    let exit = life.exit();
    life.close_input();
    let ended = end(events, life, SOON, &mut |_| {});
    end_container(events, ended);
    exit.or(ended)
}

fn await_exit(events: &mut Events, life: &mut Life, until: Instant) {
    while life.exit().is_none() && context::now() < until && !events.is_called_off {
        events.wait(Some(life), until);
        drain(life);
    }
}

/// The processes that are there although the first one has ended, if they do not follow it.
fn await_others(events: &mut Events, life: &mut Life, until: Instant) -> Vec<String> {
    loop {
        let others: Vec<Pid> = children::ours().into_iter().filter(|&pid| is_left(pid, life.pid)).collect();
        let now = context::now();
        if others.is_empty() || now >= until || events.is_called_off {
            return others.into_iter().map(|pid| format!("{} (pid {pid})", process::name(pid))).collect();
        }
        events.wait(Some(life), until.min(now + LOOK_EVERY));
        drain(life);
    }
}

fn is_left(pid: Pid, first: Pid) -> bool {
    pid != first && process::read(pid).is_some_and(|it| !it.zombie) && !is_kept(pid)
}

/// Ends the tree. `see_exit` is told when its first process has ended.
fn end(
    events: &mut Events,
    life: &mut Life,
    timeouts: StopTimeouts,
    see_exit: &mut dyn FnMut(Instant),
) -> Option<Exit> {
    let signal = events.plan.record.settings.stop_signal.signal();
    let mut ending = Ending::begin(Some(life.pid), timeouts, context::now()).with_signal(signal);
    let (mut seen, mut exit) = (false, None);
    loop {
        let progress = ending.advance(context::now(), is_kept);
        exit = exit.or(ending.leader_exit).or_else(|| life.exit());
        if exit.is_some() && !std::mem::replace(&mut seen, true) {
            see_exit(context::now());
        }
        let Progress::Wait(limit) = progress else { return exit };
        if events.is_called_off {
            ending.hurry(StopTimeouts::AT_ONCE, context::now());
        }
        events.wait_for(Some(life), limit);
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
