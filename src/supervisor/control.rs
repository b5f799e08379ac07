//! Asking a running supervisor for something: a signal through a pidfd, the answer is the record.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tracing::debug;

use super::contained::allowance;
use super::recovery::orphaned;
use super::stop_error::StopError;
use super::stop_timeouts::{longest_unheard, stop_timeouts};
use super::titles;
use super::watchers::WatcherHandles;
use crate::disk::layout::ServerPaths;
use crate::disk::lock;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerRecord, ServerState};
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
/// How often a record is read again that has not changed: a watcher may have died without writing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the watchers of a server were asked for.
pub struct Request {
    pub watchers: WatcherHandles,
    reason: Reason,
    at: Instant,
    /// By when it is known whether they do it.
    heard_by: Instant,
    /// By when it is over.
    over_by: Instant,
}

impl Request {
    /// Asks the supervisor of `record` to end its server for this reason, and wakes both watchers in case somebody has
    /// stopped them.
    fn send(watchers: WatcherHandles, record: &ServerRecord, reason: Reason) -> Self {
        failpoint::kill("before-asking");
        let signal = signal_for(reason);
        debug!(supervisor = ?watchers.supervisor.as_ref().map(ProcessHandle::pid), %signal, "asked the supervisor");
        if let Some(supervisor) = &watchers.supervisor {
            let _ = supervisor.signal(signal);
        }
        watchers.wake();
        failpoint::kill("after-asking");
        let at = context::now();
        let (heard, over) = time_to_end(record, reason);
        Self { watchers, reason, at, heard_by: at + heard, over_by: at + over }
    }

    /// Whether the watchers stay, with the connection of a client whose server was to be stopped.
    fn keeps_client(&self, known: &ServerRecord) -> bool {
        self.reason == Reason::Stopped && known.mode == Mode::Run && known.is_restartable()
    }

    /// Whether the watchers have had all the time that it can take. `record` tells how far they are.
    pub fn is_overdue(&self, record: &ServerRecord) -> bool {
        let is_heard = matches!(record.state, ServerState::Stopping { .. });
        context::now() >= if is_heard { self.over_by } else { self.heard_by }
    }
}

/// How long it can take until a server is seen to be ended for this reason, and until it is over.
fn time_to_end(record: &ServerRecord, reason: Reason) -> (Duration, Duration) {
    // It has had its time; its supervisor tries once more.
    if matches!(record.state, ServerState::Unkillable { .. }) {
        return (SLACK, SLACK);
    }
    let (mode, grace) = (record.mode, record.settings.grace());
    let longest = stop_timeouts(reason, mode, grace).longest() + allowance(record, reason);
    (longest_unheard(reason, mode, grace) + SLACK, longest + SLACK)
}

/// The signal that asks a supervisor to end its server for this reason.
fn signal_for(reason: Reason) -> Signal {
    match reason {
        Reason::SessionEnded => Signal::SIGQUIT,
        Reason::Restarted => Signal::SIGUSR1,
        _ => Signal::SIGTERM,
    }
}

/// Whether a keeper or a supervisor answers for a server. The lock is tried only where the record does not tell: who tries it
/// holds it for a moment, and `start` would take that for a running server.
pub fn is_answered_for(paths: &ServerPaths, record: &ServerRecord) -> bool {
    let is_watched = match record.watchers {
        Some(both) if record.is_of_this_host() => lives(&both.supervisor) || lives(&both.keeper),
        _ => false,
    };
    is_watched || is_held(paths, record)
}

/// Whether a recorded watcher still is the process that was recorded.
pub fn lives(watcher: &Identity) -> bool {
    ProcessHandle::reopen(watcher).is_some()
}

/// Whether a process has the name of one of our watchers: a reason to look further, no proof.
pub fn is_called_watcher(pid: Pid) -> bool {
    [titles::KEEPER, titles::SUPERVISOR].contains(&process::name(pid).as_str())
}

/// Whether the lock of a server that has not ended is held.
pub fn is_held(paths: &ServerPaths, record: &ServerRecord) -> bool {
    !record.state.is_final() && lock::is_locked(&paths.lock)
}

/// Whether a server is on its way out: it is being ended, or its first process is gone and its supervisor is about to
/// notice. One that is being restarted is not.
pub fn is_ending(record: &ServerRecord) -> bool {
    match &record.state {
        ServerState::Stopping { reason, .. } => *reason != Reason::Restarted,
        ServerState::Running { server, .. } => {
            record.is_of_this_host() && matches!(ProcessHandle::find(server), Fate::Ended)
        }
        _ => false,
    }
}

/// Waits until a server that [is ending](is_ending) has ended or is about to be started again; not longer than it may
/// take.
pub fn await_settled(paths: &ServerPaths, ending: &ServerRecord) {
    let watchers = WatcherHandles::of(ending);
    let deadline = context::now() + time_to_end(ending, Reason::Stopped).0;
    follow(paths, ending, deadline, |record| is_ending(record) && watchers.any());
}

/// Waits a moment for the watchers of a server that has ended to be gone too.
pub fn await_watchers(record: &ServerRecord) {
    WatcherHandles::of(record).wait_until(context::now() + SWEEP);
}

/// Asks the supervisor of a server to end it; does not wait.
pub fn ask_to_stop(paths: &ServerPaths, record: &ServerRecord) -> Request {
    Request::send(named_watchers(paths, record), record, Reason::Stopped)
}

/// Tells the supervisor of a server that its session ends; does not wait.
pub fn ask_to_end_session(paths: &ServerPaths, record: &ServerRecord) -> Request {
    Request::send(named_watchers(paths, record), record, Reason::SessionEnded)
}

/// The same without any waiting, for a session whose owner is gone: its watchers know that unless they are stopped.
pub fn remind_of_end(record: &ServerRecord) {
    let _ = Request::send(WatcherHandles::of(record), record, Reason::SessionEnded);
}

/// Asks the supervisor of a server to end it and start it again; does not wait.
pub fn ask_to_restart(paths: &ServerPaths, record: &ServerRecord) -> Request {
    Request::send(named_watchers(paths, record), record, Reason::Restarted)
}

/// Waits until nobody answers for the server any more, and returns its record then.
///
/// A supervisor that misses its deadline is killed, and its keeper ends the tree. If that misses its own, it is killed as
/// well, and the tree is ended from here: both are stopped, or traced by a debugger.
pub fn await_end(paths: &ServerPaths, known: &ServerRecord, request: &Request) -> Result<ServerRecord, StopError> {
    let record = || current(paths, known);
    let watchers = &request.watchers;
    let is_over = |by| await_over(paths, known, request, by);
    if is_over(request.heard_by) || matches!(record().state, ServerState::Stopping { .. }) && is_over(request.over_by) {
        let mut record = record();
        let is_kept = request.keeps_client(known) && record.container.is_none() && watchers.any();
        if let Some(end) = stopped_since(&record, known).filter(|_| is_kept) {
            // Somebody may have brought it back by now: it is not for us to end that.
            record.state = ServerState::Idle { end: end.clone(), cause: None };
            return Ok(record);
        }
        return settle(paths, record, known, Reason::WatchersLost);
    }
    // What the keeper does not end is ended from here, for the reason of the request.
    let mut reason = Reason::WatchersLost;
    for (watcher, if_killed) in [(&watchers.supervisor, reason), (&watchers.keeper, request.reason)] {
        if let ServerState::Unkillable { pids, refused, .. } = record().state {
            return Err(StopError::Unkillable { pids, refused });
        }
        if watcher.as_ref().is_some_and(|watcher| watcher.signal(Signal::SIGKILL).is_ok()) {
            debug!("a watcher does not answer; killed");
            reason = if_killed;
        }
        if watchers.wait_until(context::now() + SWEEP + allowance(known, Reason::SupervisorLost)) {
            break;
        }
    }
    let mut settled = settle(paths, record(), known, reason)?;
    if let ServerState::Ended(end) = &mut settled.state
        && end.reason == request.reason
    {
        end.took = context::elapsed_millis(request.at);
    }
    Ok(settled)
}

/// Waits until the watchers are gone, or keep nothing but the connection of a client whose server was to be stopped.
fn await_over(paths: &ServerPaths, known: &ServerRecord, request: &Request, by: Instant) -> bool {
    let watchers = &request.watchers;
    if !request.keeps_client(known) {
        return watchers.wait_until(by);
    }
    let is_stopped = |record: &ServerRecord| stopped_since(record, known).is_some();
    is_stopped(&follow(paths, known, by, |record| !is_stopped(record) && watchers.any())) || !watchers.any()
}

/// The end of a server that was stopped under its client since it was `known`, whether or not it runs again.
fn stopped_since<'a>(record: &'a ServerRecord, known: &ServerRecord) -> Option<&'a End> {
    let end = match &record.state {
        ServerState::Idle { end, .. } => Some(end),
        _ => record.last_end.as_ref().filter(|&end| known.last_end.as_ref() != Some(end)),
    };
    end.filter(|end| end.reason == Reason::Stopped)
}

/// Ends what the watchers have left, unless it is a container: they have just waited for its engine.
fn settle(
    paths: &ServerPaths,
    record: ServerRecord,
    known: &ServerRecord,
    reason: Reason,
) -> Result<ServerRecord, StopError> {
    match record.container.as_ref().filter(|container| container.is_left()) {
        Some(container) if (record.state.is_final() || record.is_stopped()) && !known.state.is_final() => {
            Err(StopError::of(container))
        }
        None if record.is_stopped() => Ok(record),
        _ => orphaned::end(paths, record, reason),
    }
}

/// The watchers of a server once they have written down who they are: one that was started a moment ago has a lock, but
/// its record names nobody yet.
fn named_watchers(paths: &ServerPaths, record: &ServerRecord) -> WatcherHandles {
    if record.watchers.is_some() {
        return WatcherHandles::of(record);
    }
    let has_no_name = |record: &ServerRecord| record.watchers.is_none() && lock::is_locked(&paths.lock);
    WatcherHandles::of(&follow(paths, record, context::now() + BIRTH, has_no_name))
}

/// Reads a record again whenever something beside it has changed, as long as `goes_on` says so and until the deadline.
/// Returns what it read last.
fn follow(
    paths: &ServerPaths,
    known: &ServerRecord,
    deadline: Instant,
    goes_on: impl Fn(&ServerRecord) -> bool,
) -> ServerRecord {
    let changes = Follower::new(paths.pids().path()).ok();
    let mut record = current(paths, known);
    while let Some(changes) = &changes
        && goes_on(&record)
        && context::now() < deadline
    {
        changes.wait(LOOK_EVERY);
        record = current(paths, known);
    }
    record
}

/// The record as it is now; `known` if it cannot be read.
fn current(paths: &ServerPaths, known: &ServerRecord) -> ServerRecord {
    ServerRecord::read(paths).ok().flatten().unwrap_or_else(|| known.clone())
}
