//! Asking a running supervisor for something: a signal through a pidfd, the answer is the record.

use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use tracing::debug;

use super::pace::pace;
use super::plan::trace;
use crate::cleanup::lost;
use crate::disk::file;
use crate::disk::layout::ServerPaths;
use crate::server::journal::{self, Level};
use crate::server::record::{End, Reason, ServerRecord, State};
use crate::sys::follow::Follower;
use crate::sys::handle::ProcessHandle;
use crate::sys::host::Place;
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
}

/// Why a server could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// Its processes do not die.
    #[error("not even SIGKILL ends {0:?}")]
    Unkillable(Vec<i32>),
    /// Somebody holds the lock, but the record does not prove who.
    #[error("somebody answers for it, but its record does not prove who")]
    Unproven,
    /// The record is of another place.
    #[error("it belongs to {}", .0.name().unwrap_or("another place"))]
    Elsewhere(Place),
    /// What may be left of it cannot be looked for.
    #[error("the processes of this machine cannot be looked at")]
    Unseen,
}

impl Watchers {
    /// The processes that the record names, proven to be the same.
    #[must_use]
    pub fn of(record: &ServerRecord) -> Self {
        let both = record.watchers.filter(|_| record.is_of_this_host());
        Self {
            supervisor: both.and_then(|both| ProcessHandle::reopen(&both.supervisor)),
            keeper: both.and_then(|both| ProcessHandle::reopen(&both.keeper)),
        }
    }

    /// The same once they have written down who they are: a server that was started a moment ago has a lock, but its
    /// record names nobody yet.
    #[must_use]
    pub fn named_soon(paths: &ServerPaths, record: &ServerRecord) -> Self {
        if record.watchers.is_some() {
            return Self::of(record);
        }
        let has_no_name = |record: &ServerRecord| record.watchers.is_none() && file::is_locked(&paths.lock);
        let current = follow(paths, record, context::now() + BIRTH, has_no_name);
        Self::of(&current)
    }

    /// Asks the supervisor, and wakes both in case somebody has stopped them.
    pub fn ask(&self, signal: Signal) {
        failpoint::kill("before-asking");
        debug!(supervisor = ?self.supervisor.as_ref().map(ProcessHandle::pid), %signal, "asked the supervisor");
        if let Some(supervisor) = &self.supervisor {
            let _ = supervisor.signal(signal);
        }
        for process in self.living() {
            let _ = process.signal(Signal::SIGCONT);
        }
        failpoint::kill("after-asking");
    }

    /// Whether one of them lives.
    #[must_use]
    pub fn any(&self) -> bool {
        self.living().next().is_some()
    }

    fn living(&self) -> impl Iterator<Item = &ProcessHandle> {
        self.supervisor.iter().chain(&self.keeper).filter(|process| !process.has_exited())
    }
}

/// Whether somebody of ours answers for a server. The lock is tried only where the record does not tell: whoever tries
/// it has it for a moment, and `start` would take that for a running server.
#[must_use]
pub fn is_answered_for(paths: &ServerPaths, record: &ServerRecord) -> bool {
    let lives = |watcher: &Identity| ProcessHandle::reopen(watcher).is_some();
    let watchers = record.watchers.filter(|_| record.is_of_this_host());
    watchers.is_some_and(|both| lives(&both.supervisor) || lives(&both.keeper)) || is_held(paths, record)
}

/// Whether somebody holds the lock of a server that has not ended.
#[must_use]
pub fn is_held(paths: &ServerPaths, record: &ServerRecord) -> bool {
    !record.state.is_final() && file::is_locked(&paths.lock)
}

/// Whether a server is on its way out: it is being ended, or its first process is gone and its supervisor is about to
/// notice. One that is being restarted is not.
#[must_use]
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
    follow(paths, ending, deadline_of(ending), |record| is_ending(record) && watchers.any());
}

/// Waits a moment for the watchers of a server that has ended to be gone too.
pub fn await_watchers(record: &ServerRecord) {
    wait_for(&Watchers::of(record), context::now() + SWEEP);
}

/// Asks the supervisor of a server to end it; does not wait.
pub fn ask_to_stop(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    let watchers = Watchers::named_soon(paths, record);
    watchers.ask(Signal::SIGTERM);
    watchers
}

/// Tells the supervisor of a server that its session ends; does not wait.
pub fn ask_to_end_session(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    let watchers = Watchers::named_soon(paths, record);
    watchers.ask(Signal::SIGQUIT);
    watchers
}

/// The same without any waiting, for a session whose owner is gone: its watchers know that unless somebody has stopped
/// them.
pub fn remind_of_end(record: &ServerRecord) {
    Watchers::of(record).ask(Signal::SIGQUIT);
}

/// Asks the supervisor of a server to end it and start it again; does not wait.
pub fn ask_to_restart(paths: &ServerPaths, record: &ServerRecord) -> Watchers {
    let watchers = Watchers::named_soon(paths, record);
    watchers.ask(Signal::SIGUSR1);
    watchers
}

/// Waits until nobody answers for the server any more, and returns its record then.
///
/// A supervisor that misses its deadline is killed; its keeper ends the tree.
///
/// # Errors
/// When the tree could not be ended.
pub fn await_end(paths: &ServerPaths, asked: &ServerRecord, watchers: &Watchers) -> Result<ServerRecord, StopError> {
    let record = || ServerRecord::read(paths).ok().flatten().unwrap_or_else(|| asked.clone());
    if !wait_for(watchers, deadline_of(asked)) {
        if let State::Unkillable { pids, .. } = record().state {
            return Err(StopError::Unkillable(pids));
        }
        if let Some(supervisor) = &watchers.supervisor {
            let _ = supervisor.signal(Signal::SIGKILL);
        }
        wait_for(watchers, context::now() + SWEEP);
    }
    sweep_lost(paths, record())
}

/// Ends what is left of a server for which nobody answers any more. Does nothing to one that has ended, or for which
/// somebody answers; twice is harmless.
///
/// # Errors
/// When something is left that cannot be ended, or must not be touched.
pub fn sweep_lost(paths: &ServerPaths, record: ServerRecord) -> Result<ServerRecord, StopError> {
    if record.state.is_final() {
        return Ok(record);
    }
    check_place(&record)?;
    let lock = match file::open_lock(&paths.lock) {
        Ok(lock) => lock,
        // Its files are gone, and with them what could be said of it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(record),
        Err(_) => return Err(StopError::Unproven),
    };
    if !file::try_lock(&lock).unwrap_or(false) {
        return Err(if Watchers::of(&record).any() { StopError::Unkillable(Vec::new()) } else { StopError::Unproven });
    }
    // Somebody else may have swept, or started it again, before we had the lock.
    sweep_locked(paths, ServerRecord::read(paths).ok().flatten().unwrap_or(record))
}

/// The same for a caller who has the server's lock.
///
/// # Errors
/// As [`sweep_lost`].
pub fn sweep_locked(paths: &ServerPaths, mut record: ServerRecord) -> Result<ServerRecord, StopError> {
    if record.state.is_final() {
        return Ok(record);
    }
    let place = check_place(&record)?;
    if place == Place::Here && !process::are_visible() {
        return Err(StopError::Unseen);
    }
    failpoint::kill("lost-locked");
    let began = context::now();
    let (count, living) = if place == Place::Here { lost::end(&trace(&record)) } else { (0, Vec::new()) };
    failpoint::kill("lost-ended");
    let pids: Vec<i32> = living.into_iter().map(Pid::as_raw).collect();
    record.state = if pids.is_empty() {
        State::Ended(End {
            reason: Reason::WatchersLost,
            exit: None,
            at: context::wall_millis(),
            took: context::elapsed_millis(began),
            killed: count > 0,
            early: false,
            kept: Vec::new(),
        })
    } else {
        State::Unkillable { pids: pids.clone(), reason: Reason::WatchersLost }
    };
    let _ = record.write(paths);
    report_lost(paths, &record);
    if pids.is_empty() { Ok(record) } else { Err(StopError::Unkillable(pids)) }
}

/// That a record is of here, or of where nothing can be alive any more.
fn check_place(record: &ServerRecord) -> Result<Place, StopError> {
    match record.host.place_after_a_look() {
        place @ (Place::Here | Place::Past) => Ok(place),
        place => Err(StopError::Elsewhere(place)),
    }
}

/// Tells the central logs what became of a server that had lost its watchers.
fn report_lost(paths: &ServerPaths, record: &ServerRecord) {
    let whose = (Some(record.token.session()), Some(&record.name));
    match &record.state {
        State::Unkillable { pids, .. } => {
            journal::report(&paths.central, Level::Error, whose, &format!("not even SIGKILL ends {pids:?}"));
        }
        _ => {
            let text = format!("ended because {}", Reason::WatchersLost.text());
            journal::report(&paths.central, Level::Warn, whose, &text);
        }
    }
}

/// When a server that is told to end now has ended, unless its supervisor is stuck.
fn deadline_of(record: &ServerRecord) -> Instant {
    context::now() + pace(Reason::Stopped, record.mode, record.settings.grace()).longest() + SLACK
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
