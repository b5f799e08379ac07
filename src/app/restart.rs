//! Ending a server and starting it again.
//!
//! A running supervisor does both itself. Where there is none any more, or all is to be fresh, a new one is split off, with
//! the same duties for the caller as in [`super::start`].

use std::time::Duration;

use anyhow::Context;

use super::progress::{Notice, Progress, Wait};
use super::start::{self, Config, Started};
use super::stop;
use super::stopped::{Stopped, Unstopped};
use super::target::Target;
use super::unstarted::Unstarted;
use crate::context;
use crate::disk::layout::{Root, ServerPaths, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::session::live::Session;
use crate::supervisor::announcement::Waited;
use crate::supervisor::control::{self, Request};
use crate::supervisor::stall::Stall;
use crate::supervisor::stop_error::StopError;
use crate::sys::follow::Follower;
use crate::sys::signals::Interrupts;

/// How often the supervisor is looked after while nothing changes on disk.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why a server was not restarted.
#[derive(Debug, thiserror::Error)]
pub enum Unrestarted {
    #[error("there is no server of this name in this session")]
    NoSuchServer,
    #[error("it belongs to a client; restart it there")]
    OfClient,
    #[error("it belongs to a client, which started it as it is")]
    FreshOfClient,
    /// Its supervisor could not end it.
    #[error(transparent)]
    Unended(Unstopped),
    /// It was to be stopped first, for a fresh start, and could not be.
    #[error(transparent)]
    Unstopped(Unstopped),
    #[error(transparent)]
    Unstarted(#[from] Unstarted),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// Has the supervisor restart the server, with the environment that it was started with; one that has ended is started
/// with ours, as its definition says now. So is any other that is wanted fresh. Waits until it is ready.
pub fn restart(
    root: &Root,
    session: Session,
    name: &ServerName,
    config: Config,
    progress: &impl Progress,
) -> Result<Started, Unrestarted> {
    let in_session = root.session(&session.record.id);
    let paths = in_session.server(name);
    let record = stop::recovered_record(&paths)?.ok_or(Unrestarted::NoSuchServer)?;
    if !record.is_restartable() && !record.state.is_final() {
        return Err(Unrestarted::OfClient);
    }
    if config == Config::Fresh && record.mode == Mode::Run && !record.state.is_final() {
        return Err(Unrestarted::FreshOfClient);
    }
    let copy = match config {
        Config::AsInSession => Some(&in_session),
        Config::Fresh => None,
    };
    if config == Config::AsInSession
        && let Some(waited) = by_supervisor(&paths, &record, progress)?
    {
        return Ok(Started::of(&paths, waited)?);
    }
    let (resolved, warnings) = Target::again(&record)?.resolve("restart", copy, Some(&record.directory))?;
    progress.notice(Notice::Warnings(&warnings));
    if config == Config::Fresh {
        stop_first(&in_session, name, progress)?;
    }
    let starting = start::start_resolved(root, session, name, resolved, progress)?;
    Ok(starting.wait(progress)?)
}

/// Has the supervisor start a server again that a client waits for; `None` if there is none.
pub fn revive(
    root: &Root,
    session: &Session,
    name: &ServerName,
    progress: &impl Progress,
) -> Result<Option<Started>, Unrestarted> {
    let paths = root.session(&session.record.id).server(name);
    let mut record = stop::recovered_record(&paths)?;
    if let Some(ending) = record.as_ref().filter(|record| record.mode == Mode::Run && control::is_ending(record)) {
        progress.during(Wait::EndOf(name), || control::await_settled(&paths, ending));
        record = ServerRecord::read(&paths)?;
    }
    let Some(record) = record.filter(ServerRecord::is_idle) else { return Ok(None) };
    let waited = by_supervisor(&paths, &record, progress)?;
    Ok(waited.map(|waited| Started::of(&paths, waited)).transpose()?)
}

/// Ends what is about to be started anew.
fn stop_first(session: &SessionPaths, name: &ServerName, progress: &impl Progress) -> Result<(), Unrestarted> {
    let stopped = stop::ask_one(session, name.clone()).wait(progress).map_err(Unrestarted::Unstopped)?;
    if !matches!(stopped, Stopped::NotRunning) {
        progress.notice(Notice::Stopped(name, &stopped));
    }
    Ok(())
}

/// Asks the supervisor and waits for what comes of it; `None` if it has none or did not come to do it.
fn by_supervisor(
    paths: &ServerPaths,
    record: &ServerRecord,
    progress: &impl Progress,
) -> Result<Option<Waited>, Unrestarted> {
    let directory = paths.pids();
    let changes = Follower::new(directory.path()).with_context(|| format!("could not watch {directory}"))?;
    let request = control::ask_to_restart(paths, record);
    if record.state.is_final() || !request.watchers.any() {
        return Ok(None);
    }
    let waited = progress.during(Wait::Restart(&record.name), || await_restart(paths, record, &request, &changes));
    let waited =
        waited.map_err(|error| Unrestarted::Unended(Unstopped::Left { error, record: paths.record.clone() }))?;
    // What belongs to a client is not started without it.
    Ok(waited.or_else(|| (record.mode == Mode::Run).then_some(Waited::NotReady)))
}

/// Waits until the server has been started again and is ready, or is not going to be. `None` if it ended by itself, or with
/// its watchers, before they heard of it, or because they did not answer.
fn await_restart(
    paths: &ServerPaths,
    old: &ServerRecord,
    request: &Request,
    changes: &Follower,
) -> Result<Option<Waited>, StopError> {
    let mut interrupts = Interrupts::listen().ok();
    let mut stall = Stall::default();
    let mut refused_since = None;
    loop {
        let is_supervised = request.watchers.any();
        let Ok(Some(record)) = ServerRecord::read(paths) else {
            // The session of a client goes with it.
            return Ok((old.mode == Mode::Run).then_some(Waited::ClientLeft));
        };
        let is_new = record.restarts > old.restarts;
        if let Some(waited) = outcome(&record, is_new) {
            return Ok(Some(waited));
        }
        if !is_supervised {
            return Ok(None);
        }
        // Somebody else wanted the opposite, and was heard last, unless what we asked for is still to be done.
        let is_refused = !is_new && record.is_stopped() && record.last_end != old.last_end;
        if is_refused && context::now() >= *refused_since.get_or_insert_with(context::now) + LOOK_EVERY {
            return Ok(Some(Waited::NotReady));
        }
        if !is_new && (request.is_overdue(&record) || matches!(record.state, ServerState::Unkillable { .. })) {
            return control::await_end(paths, &record, request).map(|_| None);
        }
        if let Some(pid) = stall.look(&request.watchers).filter(|_| is_new) {
            return Ok(Some(Waited::Stalled(pid)));
        }
        changes.wait(LOOK_EVERY);
        if let Some(signal) = interrupts.as_mut().and_then(Interrupts::pending) {
            return Ok(Some(Waited::Interrupted(signal)));
        }
    }
}

/// What a record says of a restart, which it tells of if it is new.
fn outcome(record: &ServerRecord, is_new: bool) -> Option<Waited> {
    match record.state {
        ServerState::Running { ready: true, .. } if is_new => Some(Waited::Ready),
        ServerState::Ended(End { reason: Reason::ClientGone | Reason::ClientSignal, .. }) => Some(Waited::ClientLeft),
        // Somebody else wanted the same, and has it started once more.
        ServerState::Waiting { ref end, .. } if end.is_wanted() => None,
        // Its client did not need it for long.
        ServerState::Idle { ref end, .. } if is_new && end.reason == Reason::Idle => Some(Waited::Ready),
        ServerState::Waiting { .. } | ServerState::Idle { .. } | ServerState::Ended(_) | ServerState::Failed { .. }
            if is_new =>
        {
            Some(Waited::NotReady)
        }
        // Somebody else wanted the opposite.
        ServerState::Ended(End { reason: Reason::Stopped | Reason::SessionEnded, .. }) => Some(Waited::NotReady),
        _ => None,
    }
}
