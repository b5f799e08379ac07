//! The servers of a session, as its directory tells of them.

use std::io;
use std::time::Duration;

use super::record::{Owner, SessionRecord};
use crate::disk::layout::SessionPaths;
use crate::disk::lock;
use crate::disk::names::ServerName;
use crate::server::record::ServerRecord;
use crate::supervisor::control;
use crate::sys::host::Place;
use crate::terminate::foreign::{self, Foreign};

/// A server's name, and its record or what is wrong with it.
pub type NamedRecord = (ServerName, anyhow::Result<ServerRecord>);

/// The records of a session's servers, by name.
pub fn read(paths: &SessionPaths) -> Vec<NamedRecord> {
    names(paths).map(|names| read_named(paths, names)).unwrap_or_default()
}

/// The names of those that have a record, in order.
pub fn names(paths: &SessionPaths) -> io::Result<Vec<ServerName>> {
    let names = match paths.pids.names() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut names: Vec<ServerName> =
        names.iter().filter_map(|name| name.to_str()?.strip_suffix(".json")?.parse().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// The records of these servers. One that has vanished by now is left out.
pub fn read_named(paths: &SessionPaths, names: Vec<ServerName>) -> Vec<NamedRecord> {
    let records = names.into_iter().filter_map(|name| {
        let record = ServerRecord::read(&paths.server(&name)).transpose()?;
        Some((name, record))
    });
    records.collect()
}

/// Whether somebody answers for a server, wherever that is: locks are the same everywhere.
pub fn is_held(paths: &SessionPaths, (name, record): &NamedRecord) -> bool {
    let paths = paths.server(name);
    match record {
        Ok(record) => control::is_held(&paths, record),
        Err(_) => lock::is_locked(&paths.lock),
    }
}

/// The processes that scripts of this session named in pid files of their own. Of some servers it `is_known` that they
/// have a record, so that nobody has to look.
pub fn foreign(paths: &SessionPaths, session: &SessionRecord, is_known: impl Fn(&ServerName) -> bool) -> Vec<Foreign> {
    if !matches!(session.owner(), Owner::Alive(_) | Owner::Gone) || session.host.place() != Place::Here {
        return Vec::new();
    }
    let is_own = |name: &str, pid: Option<i32>| match pid {
        Some(pid) => pid == session.owner.pid,
        None => name.parse::<ServerName>().is_ok_and(|name| is_known(&name) || paths.server(&name).record.is_there()),
    };
    foreign::find(&paths.pids, Duration::from_millis(session.created_since_boot), is_own)
}
