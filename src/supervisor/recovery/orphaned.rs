//! Servers for which nobody answers any more: ended by whoever comes next.

use std::time::Duration;

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

/// What a container gets that nobody has watched over for an unknown time.
const GRACE: StopTimeouts =
    StopTimeouts { before_sigterm: Duration::ZERO, stop: Duration::from_secs(1), final_sigterm: Duration::ZERO };

/// Ends what is left of a server for which nobody answers any more. Does nothing to one that has ended, or for which
/// somebody answers; twice is harmless.
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
    // Somebody else may have swept, or started it again, before we had the lock.
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
    let (count, survivors) =
        if place == Place::Here && !was_final { orphans::end(&trace(&record)) } else { (0, Survivors::default()) };
    failpoint::kill("lost-ended");
    let trouble = record.container.as_mut().and_then(|container| end_lost(container, GRACE));
    record.state = if was_final {
        record.state
    } else if survivors.pids.is_empty() {
        ServerState::Ended(End {
            reason,
            exit: None,
            at: context::wall_millis(),
            took: context::elapsed_millis(began),
            killed: count > 0,
            early: false,
            kept: Vec::new(),
            escaped: Vec::new(),
        })
    } else {
        ServerState::unkillable(&survivors, reason)
    };
    let _ = record.write(paths);
    if !was_final {
        report_lost(paths, &record);
    }
    if let Some(trouble) = trouble {
        let whose = (Some(record.token.session()), Some(&record.name));
        central::report(&paths.central, Level::Error, whose, &trouble);
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

/// Tells the central logs what became of a server that had lost its watchers.
fn report_lost(paths: &ServerPaths, record: &ServerRecord) {
    let whose = (Some(record.token.session()), Some(&record.name));
    match &record.state {
        ServerState::Unkillable { pids, refused, .. } => {
            central::report(&paths.central, Level::Error, whose, &unkillable::describe(pids, refused));
        }
        ServerState::Ended(End { reason, .. }) if *reason != Reason::WatchersLost => {
            let text =
                format!("its supervisor and keeper did not answer and were killed; ended because {}", reason.text());
            central::report(&paths.central, Level::Warn, whose, &text);
        }
        _ => {
            let text = format!("ended because {}", Reason::WatchersLost.text());
            central::report(&paths.central, Level::Warn, whose, &text);
        }
    }
}
