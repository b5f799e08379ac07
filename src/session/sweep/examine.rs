//! A session as the sweep sees it. Looking changes nothing.

use std::io;
use std::time::Duration;

use super::files;
use super::policy::{OwnerFact, SessionFacts};
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::lock;
use crate::disk::names::{ServerName, SessionId};
use crate::server::record::ServerRecord;
use crate::session::owner;
use crate::session::record::{Owner, SessionRecord, session_ids};
use crate::session::servers::{self, NamedRecord};
use crate::supervisor::control;
use crate::sys::host::Place;
use crate::terminate::foreign::Foreign;

/// How long a session's directory may be without a record before it counts as left over.
const BIRTH: Duration = Duration::from_mins(1);

/// A shell that opens does not wait for more records than these to be read.
const MOST_AT_ONCE: usize = 50;

pub struct ExaminedSession {
    pub id: SessionId,
    pub paths: SessionPaths,
    /// Its record, if there is one; an unreadable one as what is wrong with it.
    pub record: anyhow::Result<Option<SessionRecord>>,
    /// The records of its servers, by name.
    pub servers: Vec<NamedRecord>,
    pub facts: SessionFacts,
}

/// Looks at a session.
pub fn examine(root: &Root, id: SessionId) -> ExaminedSession {
    let paths = root.session(&id);
    let names = servers::names(&paths);
    examine_with(id, paths, names, SessionRecord::owner)
}

/// Looks at a session's servers beside this one; `None` if there are no others.
pub fn examine_others(root: &Root, id: SessionId, known: &ServerName) -> Option<ExaminedSession> {
    let paths = root.session(&id);
    let mut names = servers::names(&paths).ok()?;
    names.retain(|name| name != known);
    let has_others = !names.is_empty();
    has_others.then(|| examine_with(id, paths, Ok(names), SessionRecord::owner))
}

/// The same, if that does not take long: else the id is given back.
pub fn examine_quickly(root: &Root, id: SessionId) -> Result<ExaminedSession, SessionId> {
    let paths = root.session(&id);
    match servers::names(&paths) {
        Ok(names) if names.len() > MOST_AT_ONCE => Err(id),
        names => Ok(examine_with(id, paths, names, SessionRecord::owner)),
    }
}

/// The same after a look at all processes, for one that is in another pid namespace: nobody may be there any more.
pub fn examine_closely(root: &Root, id: SessionId) -> ExaminedSession {
    let paths = root.session(&id);
    let names = servers::names(&paths);
    examine_with(id, paths, names, SessionRecord::owner_after_a_look)
}

/// Looks at all sessions.
pub fn examine_all(root: &Root) -> Vec<ExaminedSession> {
    session_ids(root).into_iter().map(|id| examine_closely(root, id)).collect()
}

fn examine_with(
    id: SessionId,
    paths: SessionPaths,
    names: io::Result<Vec<ServerName>>,
    owner: fn(&SessionRecord) -> Owner,
) -> ExaminedSession {
    let record = SessionRecord::read(&paths);
    let read = names.map(|names| servers::read_named(&paths, names));
    let owner = match (&record, &read) {
        // What cannot be read proves nothing.
        (Err(error), _) if error.chain().any(<dyn std::error::Error>::is::<io::Error>) => OwnerFact::Elsewhere,
        (_, Err(_)) => OwnerFact::Elsewhere,
        (Ok(Some(record)), _) => match owner(record) {
            Owner::Alive(_) => OwnerFact::Alive,
            Owner::Gone => OwnerFact::Gone,
            Owner::Elsewhere => OwnerFact::Elsewhere,
        },
        (Ok(None), _) if is_younger_than(&paths.pids, BIRTH) => OwnerFact::Unborn,
        (Ok(None), _) if files::is_foreign(&paths.pids) => OwnerFact::Foreign,
        // A record that another version of mcp-hook wrote, for example; the shell in the id may still need its files.
        _ if owner::may_live(&id) => OwnerFact::Elsewhere,
        _ => OwnerFact::Unreadable,
    };
    let servers = read.unwrap_or_default();
    let facts = facts(owner, &paths, &servers);
    paths.release();
    ExaminedSession { id, paths, record, servers, facts }
}

fn facts(owner: OwnerFact, paths: &SessionPaths, servers: &[NamedRecord]) -> SessionFacts {
    let mut facts = SessionFacts { owner, is_busy: false, has_lost: false };
    for (name, server) in servers {
        let files = paths.server(name);
        let is_answered_for = match server {
            Ok(server) => control::is_answered_for(&files, server),
            Err(_) => lock::is_locked(&files.lock),
        };
        facts.is_busy |= is_answered_for;
        facts.has_lost |= !is_answered_for && server.as_ref().is_ok_and(|server| !server.is_over());
    }
    facts
}

fn is_younger_than(directory: &Directory, age: Duration) -> bool {
    directory.modified().is_ok_and(|modified| context::wall_clock().duration_since(modified).is_ok_and(|it| it < age))
}

impl ExaminedSession {
    /// Its record, if there is a readable one.
    pub fn record(&self) -> Option<&SessionRecord> {
        self.record.as_ref().ok()?.as_ref()
    }

    /// That it belongs to another place, and what runs there, if so.
    pub fn elsewhere(&self) -> Option<String> {
        let place = self.record()?.host.place().name().filter(|_| self.facts.owner == OwnerFact::Elsewhere)?;
        let held = self.servers.iter().filter(|server| servers::is_held(&self.paths, server));
        let held: Vec<&str> = held.map(|(name, _)| name.as_str()).collect();
        let servers = held.join(", ");
        Some(match held.len() {
            0 => format!("belongs to {place}"),
            1 => format!("belongs to {place}; {servers} runs there"),
            _ => format!("belongs to {place}; {servers} run there"),
        })
    }

    /// Whether it was opened in another pid namespace.
    pub fn is_in_other_namespace(&self) -> bool {
        self.record().is_some_and(|record| record.host.place() == Place::OtherNamespace)
    }

    /// What cannot be read of it.
    pub fn troubles(&self) -> impl Iterator<Item = &anyhow::Error> {
        self.record.as_ref().err().into_iter().chain(self.servers.iter().filter_map(|(_, it)| it.as_ref().err()))
    }

    /// The processes that its scripts named in pid files of their own.
    pub fn foreign(&self) -> Vec<Foreign> {
        let Some(record) = self.record() else { return Vec::new() };
        servers::foreign(&self.paths, record, |name| self.servers.iter().any(|(known, _)| known == name))
    }

    /// The servers of which something may be left.
    pub(super) fn unended(&self) -> impl Iterator<Item = (&ServerName, &ServerRecord)> {
        self.readable().filter(|(_, record)| !record.state.is_final())
    }

    /// Those for which nobody answers any more, and those of which an engine had kept the container.
    pub(super) fn lost(&self) -> impl Iterator<Item = (&ServerName, &ServerRecord)> {
        self.readable()
            .filter(|(name, record)| !record.is_over() && !control::is_answered_for(&self.paths.server(name), record))
    }

    fn readable(&self) -> impl Iterator<Item = (&ServerName, &ServerRecord)> {
        self.servers.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)))
    }
}
