//! Servers that lost their keeper and their supervisor: ended by the next command.

use std::time::{Duration, Instant};

use crate::disk::layout::ServerPaths;
use crate::log::central::{self, Level};
use crate::server::end::{End, Reason};
use crate::server::record::{ServerRecord, ServerState};
use crate::server::unkillable;
use crate::supervisor::contained::end_lost;
use crate::supervisor::name_lock::NameLock;
use crate::supervisor::plan::trace;
use crate::supervisor::stop_error::StopError;
use crate::supervisor::watchers::WatcherHandles;
use crate::sys::host::Place;
use crate::sys::process;
use crate::terminate::orphans;
use crate::terminate::stages::StopTimeouts;
use crate::terminate::survivors::Survivors;
use crate::{context, failpoint};

/// How a container is ended that nobody has watched over for an unknown time.
const GRACE: StopTimeouts =
    StopTimeouts { before_sigterm: Duration::ZERO, stop: Duration::from_secs(1), final_sigterm: Duration::ZERO };

/// Ends what is left of a server for which nobody answers any more. Does nothing to one that has ended, and fails for one
/// for which somebody answers.
pub fn end(paths: &ServerPaths, record: ServerRecord, reason: Reason) -> Result<ServerRecord, StopError> {
    if record.is_over() {
        return Ok(record);
    }
    check_place(&record)?;
    let lock = match NameLock::take(paths) {
        Ok(lock) => lock,
        // Its files are gone, and with them what could be said of it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(record),
        Err(_) => return Err(StopError::Unproven),
    };
    let Some(lock) = lock else {
        let pids: Vec<i32> = WatcherHandles::of(&record).living().map(|process| process.pid().as_raw()).collect();
        return Err(if pids.is_empty() {
            StopError::Unproven
        } else {
            StopError::Unkillable { pids, refused: Vec::new() }
        });
    };
    // Another process may have swept it or started it again before we had the lock.
    end_locked(&lock, paths, ServerRecord::read(paths).ok().flatten().unwrap_or(record), reason)
}

/// The same for a caller who has the server's lock. `reason` is why it has ended if something of it was left.
pub fn end_locked(
    _lock: &NameLock,
    paths: &ServerPaths,
    mut record: ServerRecord,
    reason: Reason,
) -> Result<ServerRecord, StopError> {
    if record.is_over() {
        return Ok(record);
    }
    let place = check_place(&record)?;
    if place == Place::Here && !process::are_visible() {
        return Err(StopError::Unseen);
    }
    failpoint::kill("lost-locked");
    let began = context::now();
    let was_final = record.state.is_final();
    let is_here = place == Place::Here;
    let (count, survivors) =
        if is_here && !was_final { orphans::end(&trace(&record)) } else { (0, Survivors::default()) };
    failpoint::kill("lost-ended");
    let trouble = record.container.as_mut().and_then(|container| end_lost(container, GRACE));
    if !was_final {
        record.state = final_state(count, &survivors, reason, began);
    }
    let _ = record.write(paths);
    if !was_final {
        let (level, text) = describe(&record.state);
        report(paths, &record, level, &text);
    }
    if let Some(trouble) = trouble {
        report(paths, &record, Level::Error, &trouble);
    }
    match (&record.state, &record.container) {
        (ServerState::Unkillable { pids, refused, .. }, _) => {
            Err(StopError::Unkillable { pids: pids.clone(), refused: refused.clone() })
        }
        (_, Some(container)) if container.is_left() => Err(StopError::of(container)),
        _ => Ok(record),
    }
}

/// That a record is of here, or of where nothing can be alive any more.
fn check_place(record: &ServerRecord) -> Result<Place, StopError> {
    match record.host.place_after_a_look() {
        place @ (Place::Here | Place::Past) => Ok(place),
        place => Err(StopError::Elsewhere(place)),
    }
}

/// The state of a server of which `count` processes were left, and of which there still are `survivors`.
fn final_state(count: usize, survivors: &Survivors, reason: Reason, began: Instant) -> ServerState {
    if !survivors.pids.is_empty() {
        return ServerState::unkillable(survivors, reason);
    }
    ServerState::Ended(End {
        reason,
        exit: None,
        at: context::wall_millis(),
        took: context::elapsed_millis(began),
        killed: count > 0,
        early: false,
        changed: None,
        complaint: None,
        finding: None,
        kept: Vec::new(),
        escaped: Vec::new(),
    })
}

/// What the central logs are told of a server that had lost its watchers.
fn describe(state: &ServerState) -> (Level, String) {
    match state {
        ServerState::Unkillable { pids, refused, .. } => (Level::Error, unkillable::describe(pids, refused)),
        ServerState::Ended(End { reason, .. }) if *reason != Reason::WatchersLost => {
            let reason = reason.text();
            (Level::Warn, format!("its supervisor and keeper did not answer and were killed; ended because {reason}"))
        }
        _ => (Level::Warn, format!("ended because {}", Reason::WatchersLost.text())),
    }
}

fn report(paths: &ServerPaths, record: &ServerRecord, level: Level, text: &str) {
    let whose = (Some(record.token.session()), Some(&record.name));
    central::report(&paths.central, level, whose, text);
}
