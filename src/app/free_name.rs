//! Names under which a server may be started.

use std::io;

use anyhow::{Context, Result};

use crate::disk::layout::ServerPaths;
use crate::disk::names::ServerName;
use crate::server::end::Reason;
use crate::server::record::ServerRecord;
use crate::supervisor::control;
use crate::supervisor::name_lock::NameLock;
use crate::supervisor::recovery::orphaned;
use crate::supervisor::recovery::unreadable;
use crate::supervisor::stop_error::StopError;

/// A name that is locked, and nothing is left of the server that had it before. Without one nothing is started.
pub struct FreeName {
    pub name: ServerName,
    pub lock: NameLock,
    /// The port that the server before had, if it had one.
    pub last_port: Option<u16>,
}

impl FreeName {
    /// Locks a name; `None` if somebody has it. What its server left that lost its supervisor and its keeper is ended first,
    /// with the lock in hand; `None` too if it cannot be.
    pub fn take(name: &ServerName, paths: &ServerPaths) -> Result<Option<Self>> {
        let Some(lock) = lock(paths)? else { return Ok(None) };
        // Read with the lock in hand: its watchers may have been killed a moment ago.
        let record = ServerRecord::read(paths);
        let last_port = record.as_ref().ok().and_then(|record| record.as_ref()?.port.as_ref()).map(|port| port.number);
        let free_name = Self { name: name.clone(), lock, last_port };
        Ok(if is_swept(&free_name.lock, paths, record) { Some(free_name) } else { None })
    }

    /// For a server without files, which shares its name with nobody.
    pub fn unrecorded(name: &ServerName) -> io::Result<Self> {
        Ok(Self { name: name.clone(), lock: NameLock::without_file()?, last_port: None })
    }
}

fn lock(paths: &ServerPaths) -> Result<Option<NameLock>> {
    if let Some(lock) = try_lock(paths)? {
        return Ok(Some(lock));
    }
    match ServerRecord::read(paths)? {
        Some(record) if record.state.is_final() => {
            // The server has ended; its keeper is about to.
            control::await_watchers(&record);
            try_lock(paths)
        }
        _ => Ok(None),
    }
}

fn try_lock(paths: &ServerPaths) -> Result<Option<NameLock>> {
    NameLock::take(paths).with_context(|| format!("could not lock {}", paths.lock))
}

/// Ends what is left of the server that had this name. False if something stays.
fn is_swept(lock: &NameLock, paths: &ServerPaths, record: Result<Option<ServerRecord>>) -> bool {
    let swept = match record {
        Ok(None) => return true,
        Ok(Some(record)) => orphaned::end_locked(lock, paths, record, Reason::WatchersLost).map(drop),
        Err(_) => unreadable::end_locked(lock, paths).map(drop),
    };
    !matches!(swept, Err(StopError::Unkillable { .. } | StopError::Unseen | StopError::Container { .. }))
}
