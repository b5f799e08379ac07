//! Asking a running supervisor for something: a signal through a pidfd, the answer is the record.

use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use tracing::debug;

use super::contained::allowance;
use super::keeper;
use super::recovery::orphaned::{StopError, sweep_lost};
use super::stop_timeouts::{longest_unheard, stop_timeouts};
use super::supervise;
use crate::disk::layout::ServerPaths;
use crate::disk::lock;
use crate::server::record::{Reason, ServerRecord, State};
use crate::sys::follow::Follower;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Fate, Identity, Pid, process};
use crate::{context, failpoint};

/// How much longer than its own deadline a supervisor gets before it is taken to be stuck.
const SLACK: Duration = Duration::from_secs(1);
/// How long a keeper gets to sweep.
const SWEEP: Duration = Duration::from_secs(3);
/// How long a keeper and a supervisor get to write down who they are.
const BIRTH: Duration = Duration::from_secs(3);
/// How often one looks at what no change of a record tells: that somebody died who had written nothing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The two processes of a server, as far as they live.
pub struct Watchers {
    supervisor: Option<ProcessHandle>,
    keeper: Option<ProcessHandle>,
    /// What they were asked for, if they were.
    asked: Option<Asked>,
}

/// What the watchers of a server were asked for.
#[derive(Clone, Copy)]
struct Asked {
    reason: Reason,
    at: Instant,
    /// By when it is known whether they do it.
    heard_by: Instant,
    /// By when it is over.
    over_by: Instant,
}

impl Watchers {
    /// The processes that the record names, proven to be the same.
    pub fn of(record: &ServerRecord) -> Self {
        let both = record.watchers.filter(|_| record.is_of_this_host());
        Self {
            supervisor: both.and_then(|both| ProcessHandle::reopen(&both.supervisor)),
            keeper: both.and_then(|both| ProcessHandle::reopen(&both.keeper)),
            asked: None,
        }
    }

    /// The same once they have written down who they are: a server that was started a moment ago has a lock, but its
    /// record names nobody yet.
    pub fn named_soon(paths: &ServerPaths, record: &ServerRecord) -> Self {
        if record.watchers.is_some() {
            return Self::of(record);
        }
        let has_no_name = |record: &ServerRecord| record.watchers.is_none() && lock::is_locked(&paths.lock);
        let current = follow(paths, record, context::now() + BIRTH, has_no_name);
        Self::of(&current)
    }

    /// Asks the supervisor of `record` to end its server for this reason, and wakes both in case somebody has stopped them.
    fn ask(mut self, record: &ServerRecord, reason: Reason) -> Self {
        failpoint::kill("before-asking");
        let signal = request(reason);
        debug!(supervisor = ?self.supervisor.as_ref().map(ProcessHandle::pid), %signal, "asked the supervisor");
        if let Some(supervisor) = &self.supervisor {
            let _ = supervisor.signal(signal);
        }
        self.wake();
        failpoint::kill("after-asking");
        self.asked = Some(Asked::of(record, reason));
        self
    }

    /// Lets those run that somebody has stopped.
    pub fn wake(&self) {
        for process in self.living() {
            let _ = process.signal(Signal::SIGCONT);
        }
    }

    /// Whether they have had all the time that what they were asked for can take. `record` tells how far they are.
    pub fn are_overdue(&self, record: &ServerRecord) -> bool {
        let is_heard = matches!(record.state, State::Stopping { .. });
        self.asked.is_some_and(|asked| context::now() >= if is_heard { asked.over_by } else { asked.heard_by })
    }

    /// The supervisor, if somebody has stopped it or traces it.
    pub fn stopped_supervisor(&self) -> Option<Pid> {
        let supervisor = self.supervisor.as_ref().filter(|process| !process.has_exited())?.pid();
        process::read(supervisor).is_some_and(|it| it.stopped).then_some(supervisor)
    }

    /// Whether one of them lives.
    pub fn any(&self) -> bool {
        self.living().next().is_some()
    }

    /// Those that live.
    pub fn living(&self) -> impl Iterator<Item = &ProcessHandle> {
        self.supervisor.iter().chain(&self.keeper).filter(|process| !process.has_exited())
    }
}

impl Asked {
    fn of(record: &ServerRecord, reason: Reason) -> Self {
        let (mode, grace) = (record.mode, record.settings.grace());
        let (heard, over) = match record.state {
            // It has had its time; it tries once more.
            State::Unkillable { .. } => (Duration::ZERO, Duration::ZERO),
            _ => {
                let longest = stop_timeouts(reason, mode, grace).longest() + allowance(record, reason);
                (longest_unheard(reason, mode, grace), longest)
            }
        };
        let now = context::now();
        Self { reason, at: now, heard_by: now + heard + SLACK, over_by: now + over + SLACK }
    }
}

/// The signal that asks a supervisor to end its server for this reason.
fn request(reason: Reason) -> Signal {
    match reason {
        Reason::SessionEnded => Signal::SIGQUIT,
        Reason::Restarted => Signal::SIGUSR1,
        _ => Signal::SIGTERM,
    }
}

/// Whether somebody of ours answers for a server. The lock is tried only where the record does not tell: whoever tries
/// it has it for a moment, and `start` would take that for a running server.
pub fn is_answered_for(paths: &ServerPaths, record: &ServerRecord) -> bool {
    let lives = |watcher: &Identity| ProcessHandle::reopen(watcher).is_some();
    let watchers = record.watchers.filter(|_| record.is_of_this_host());
    watchers.is_some_and(|both| lives(&both.supervisor) || lives(&both.keeper)) || is_held(paths, record)
}

/// Whether a process has the name of one of our watchers: a reason to look further, no proof.
pub fn is_called_watcher(pid: Pid) -> bool {
    [keeper::SHORT_TITLE, supervise::SHORT_TITLE].contains(&process::name(pid).as_str())
}

/// Whether somebody holds the lock of a server that has not ended.
pub fn is_held(paths: &ServerPaths, record: &ServerRecord) -> bool {
    !record.state.is_final() && lock::is_locked(&paths.lock)
}

/// Whether a server is on its way out: it is being ended, or its first process is gone and its supervisor is about to
/// notice. One that is being restarted is not.
pub fn is_ending(record: &ServerRecord) -> bool {
    match &record.state {
        State::Stopping { reason, .. } => *reason != Reason::Restarted,
        State::Running { server, .. } => record.is_of_this_host() && matches!(ProcessHandle::find(server), Fate::Ended),
        _ => false,
    }
}

/// Waits until a server that [is ending](is_ending) has ended or is about to be started again; not longer than it may
/// take.
pub fn await_settled(paths: &ServerPaths, ending: &ServerRecord) {
    let watchers = Watchers::of(ending);
    let deadline = Asked::of(ending, Reason::Stopped).heard_by;
    follow(paths, ending, deadline, |record| is_ending(record) && watchers.any());
}

/// Waits a moment for the watchers of a server that has ended to be gone too.
pub fn await_watchers(record: &ServerRecord) {
    wait_for(&Watchers::of(record), context::now() + SWEEP);
}

/// Asks the supervisor of a server to end it; does not wait.
pub fn ask_to_stop(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    Watchers::named_soon(paths, record).ask(record, Reason::Stopped)
}

/// Tells the supervisor of a server that its session ends; does not wait.
pub fn ask_to_end_session(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    Watchers::named_soon(paths, record).ask(record, Reason::SessionEnded)
}

/// The same without any waiting, for a session whose owner is gone: its watchers know that unless somebody has stopped
/// them.
pub fn remind_of_end(record: &ServerRecord) {
    let _ = Watchers::of(record).ask(record, Reason::SessionEnded);
}

/// Asks the supervisor of a server to end it and start it again; does not wait.
pub fn ask_to_restart(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    Watchers::named_soon(paths, record).ask(record, Reason::Restarted)
}

/// Waits until nobody answers for the server any more, and returns its record then.
///
/// A supervisor that misses its deadline is killed, and its keeper ends the tree. If that misses its own, it is killed as
/// well, and the tree is ended from here: somebody has stopped both, or traces them.
///
/// # Errors
/// When the tree could not be ended.
pub fn await_end(paths: &ServerPaths, known: &ServerRecord, watchers: &Watchers) -> Result<ServerRecord, StopError> {
    let record = || ServerRecord::read(paths).ok().flatten().unwrap_or_else(|| known.clone());
    let asked = watchers.asked.unwrap_or_else(|| Asked::of(known, Reason::Stopped));
    let is_over = wait_for(watchers, asked.heard_by)
        || matches!(record().state, State::Stopping { .. }) && wait_for(watchers, asked.over_by);
    if is_over {
        return settle(paths, record(), known, Reason::WatchersLost);
    }
    // What the keeper does not get to is ended from here, and for the reason that we have.
    let mut reason = Reason::WatchersLost;
    for (watcher, if_killed) in [(&watchers.supervisor, reason), (&watchers.keeper, asked.reason)] {
        if let State::Unkillable { pids, refused, .. } = record().state {
            return Err(StopError::Unkillable { pids, refused });
        }
        if watcher.as_ref().is_some_and(|watcher| watcher.signal(Signal::SIGKILL).is_ok()) {
            debug!("a watcher does not answer; killed");
            reason = if_killed;
        }
        if wait_for(watchers, context::now() + SWEEP + allowance(known, Reason::SupervisorLost)) {
            break;
        }
    }
    let mut settled = settle(paths, record(), known, reason)?;
    if let State::Ended(end) = &mut settled.state
        && end.reason == asked.reason
    {
        end.took = context::elapsed_millis(asked.at);
    }
    Ok(settled)
}

/// Ends what the watchers have left, unless it is a container: they have just waited for its engine.
fn settle(
    paths: &ServerPaths,
    record: ServerRecord,
    known: &ServerRecord,
    reason: Reason,
) -> Result<ServerRecord, StopError> {
    match record.container.as_ref().filter(|container| container.is_left()) {
        Some(container) if record.state.is_final() && !known.state.is_final() => Err(StopError::of(container)),
        _ => sweep_lost(paths, record, reason),
    }
}

/// Reads a record again whenever something beside it has changed, as long as `goes_on` says so and until the deadline.
/// Returns what it read last, at least `known`.
fn follow(
    paths: &ServerPaths,
    known: &ServerRecord,
    deadline: Instant,
    goes_on: impl Fn(&ServerRecord) -> bool,
) -> ServerRecord {
    let changes = Follower::new(paths.pids().path()).ok();
    let read = || ServerRecord::read(paths).ok().flatten().unwrap_or_else(|| known.clone());
    let mut current = read();
    while let Some(changes) = &changes
        && goes_on(&current)
        && context::now() < deadline
    {
        changes.wait(Some(LOOK_EVERY));
        current = read();
    }
    current
}

/// Waits until both have ended; false if they have not by then.
fn wait_for(watchers: &Watchers, deadline: Instant) -> bool {
    loop {
        let living: Vec<&ProcessHandle> = watchers.living().collect();
        let left = deadline.saturating_duration_since(context::now());
        if living.is_empty() || left.is_zero() {
            return living.is_empty();
        }
        let mut fds: Vec<PollFd<'_>> = living
            .iter()
            .filter_map(|process| process.as_poll_fd())
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let limit = if fds.is_empty() { left.min(Duration::from_millis(20)) } else { left };
        let _ = poll(&mut fds, PollTimeout::try_from(limit.as_millis().max(1)).unwrap_or(PollTimeout::MAX));
    }
}
