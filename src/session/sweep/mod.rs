//! What dead sessions left, and servers for which nobody answers any more.

pub mod action;
pub mod policy;

use std::io;
use std::time::Duration;

use tracing::debug;

use self::action::Action;
use self::policy::{Facts, OwnerFact, Verdict, judge};
use super::find;
use super::overdue::{kind, why_lost};
use super::record::{Owner, SessionRecord};
use super::removal;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::lock;
use crate::disk::names::{ServerName, SessionId};
use crate::server::record::ServerRecord;
use crate::supervisor::control;
use crate::sys::host::Place;
use crate::sys::{Pid, process};
use crate::terminate::foreign::{self, Foreign};

/// How long a session's directory may be without a record before it counts as left over.
const BIRTH: Duration = Duration::from_mins(1);

/// A shell that opens does not wait for more records than these to be read.
const MOST_AT_ONCE: usize = 50;

/// A session as the clean-up sees it.
pub struct Examined {
    /// Its id.
    pub id: SessionId,
    /// Its files.
    pub paths: SessionPaths,
    /// Its record, if there is one; an unreadable one as what is wrong with it.
    pub record: anyhow::Result<Option<SessionRecord>>,
    /// The records of its servers; an unreadable one as what is wrong with it.
    pub servers: Vec<(ServerName, anyhow::Result<ServerRecord>)>,
    /// What is known of it.
    pub facts: Facts,
}

/// Looks at a session.
pub fn examine(root: &Root, id: SessionId) -> Examined {
    let paths = root.session(&id);
    let names = server_names(&paths);
    examine_with(id, paths, names, SessionRecord::owner)
}

/// The same, if that does not take long: else the id is given back.
///
/// # Errors
/// When there are too many records.
pub fn examine_quickly(root: &Root, id: SessionId) -> Result<Examined, SessionId> {
    let paths = root.session(&id);
    match server_names(&paths) {
        Ok(names) if names.len() > MOST_AT_ONCE => Err(id),
        names => Ok(examine_with(id, paths, names, SessionRecord::owner)),
    }
}

/// The same after a look at all processes, for one that is in another pid namespace: nobody may be there any more.
pub fn examine_closely(root: &Root, id: SessionId) -> Examined {
    let paths = root.session(&id);
    let names = server_names(&paths);
    examine_with(id, paths, names, SessionRecord::owner_after_a_look)
}

fn examine_with(
    id: SessionId,
    paths: SessionPaths,
    names: io::Result<Vec<ServerName>>,
    owner: impl Fn(&SessionRecord) -> Owner,
) -> Examined {
    let record = SessionRecord::read(&paths);
    let read = names.map(|names| read_servers(&paths, names));
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
        (Ok(None), _) if removal::is_foreign(&paths.pids) => OwnerFact::Foreign,
        // A record that another version of mcp-hook wrote, for example; the shell in the id may still need its files.
        _ if may_name_my_process(&id) => OwnerFact::Elsewhere,
        _ => OwnerFact::Unreadable,
    };
    let servers = read.unwrap_or_default();
    let mut facts = Facts { owner, is_busy: false, has_lost: false };
    for (name, server) in &servers {
        let files = paths.server(name);
        let is_answered_for = match server {
            Ok(server) => control::is_answered_for(&files, server),
            Err(_) => lock::is_locked(&files.lock),
        };
        facts.is_busy |= is_answered_for;
        facts.has_lost |= !is_answered_for && server.as_ref().is_ok_and(|server| !server.is_over());
    }
    paths.release();
    Examined { id, paths, record, servers, facts }
}

/// The records of a session's servers, by name.
pub fn servers(paths: &SessionPaths) -> Vec<NamedRecord> {
    server_names(paths).map(|names| read_servers(paths, names)).unwrap_or_default()
}

/// A server's name, and its record or what is wrong with it.
pub type NamedRecord = (ServerName, anyhow::Result<ServerRecord>);

fn server_names(paths: &SessionPaths) -> io::Result<Vec<ServerName>> {
    let names = match paths.pids.names() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut names: Vec<ServerName> =
        names.iter().filter_map(|name| name.to_str()?.strip_suffix(".json")?.parse().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

fn read_servers(paths: &SessionPaths, names: Vec<ServerName>) -> Vec<NamedRecord> {
    let read = |name: ServerName| {
        let record = ServerRecord::read(&paths.server(&name)).transpose()?;
        Some((name, record))
    };
    names.into_iter().filter_map(read).collect()
}

/// The servers of a session for which somebody answers, wherever that is: locks are the same everywhere.
pub fn held_servers(paths: &SessionPaths) -> Vec<ServerName> {
    let is_held = |(name, server): &NamedRecord| match server {
        Ok(server) => control::is_held(&paths.server(name), server),
        Err(_) => lock::is_locked(&paths.server(name).lock),
    };
    servers(paths).into_iter().filter(is_held).map(|(name, _)| name).collect()
}

/// The processes that scripts of this session named in pid files of their own. Of some servers it `is_known` that they
/// have a record, so that nobody has to look.
pub fn strays(paths: &SessionPaths, session: &SessionRecord, is_known: impl Fn(&ServerName) -> bool) -> Vec<Foreign> {
    if !matches!(session.owner(), Owner::Alive(_) | Owner::Gone) || session.host.place() != Place::Here {
        return Vec::new();
    }
    let is_own = |name: &str, pid: Option<i32>| match pid {
        Some(pid) => pid == session.owner.pid,
        None => name.parse::<ServerName>().is_ok_and(|name| is_known(&name) || paths.server(&name).record.is_there()),
    };
    foreign::find(&paths.pids, Duration::from_millis(session.created_since_boot), is_own)
}

impl Examined {
    /// Its record, if there is a readable one.
    pub fn record(&self) -> Option<&SessionRecord> {
        self.record.as_ref().ok()?.as_ref()
    }

    /// That it belongs to another place, and what runs there, if so.
    pub fn elsewhere(&self) -> Option<String> {
        let place = self.record()?.host.place().name().filter(|_| self.facts.owner == OwnerFact::Elsewhere)?;
        let held = held_servers(&self.paths);
        let servers = held.iter().map(ServerName::as_str).collect::<Vec<_>>().join(", ");
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

    /// Does what [`judge`] finds, and tells what that was. Safe to be done by several at once.
    pub fn carry_out(&self, root: &Root) -> Vec<Action> {
        let verdict = judge(self.facts);
        debug!(session = %self.id, ?verdict, "examined a session");
        let deeds = match verdict {
            Verdict::Leave => Vec::new(),
            Verdict::Remind => self.end_overdue(root),
            Verdict::Sweep => self.sweep(),
            Verdict::Retire => self.retire(root),
        };
        self.paths.release();
        deeds
    }

    /// What [`Examined::carry_out`] would do.
    pub fn intended(&self) -> Vec<Action> {
        let verdict = judge(self.facts);
        let mut deeds = Vec::new();
        if verdict == Verdict::Remind {
            deeds.extend(self.unended().map(|(name, _)| self.deed(format!("would end server {name}"), GONE, false)));
        }
        if !matches!(verdict, Verdict::Leave | Verdict::Remind) {
            let would_end =
                |(name, record)| self.deed(format!("would end {}", kind(name, record)), why_lost(record), false);
            deeds.extend(self.lost().map(would_end));
        }
        if verdict == Verdict::Retire {
            let strays = self.record().map(|record| self.strays(record)).unwrap_or_default();
            deeds.extend(strays.iter().map(|stray| {
                let what = format!("would end process {} ({})", stray.process.pid(), stray.name);
                self.deed(what, "its session ended", false)
            }));
            deeds.push(self.deed("would remove the session's files".to_owned(), self.why_retired(), false));
        }
        self.paths.release();
        deeds
    }

    /// The processes that its scripts named in pid files of their own.
    pub fn strays(&self, record: &SessionRecord) -> Vec<Foreign> {
        strays(&self.paths, record, |name| self.servers.iter().any(|(known, _)| known == name))
    }

    fn why_retired(&self) -> &'static str {
        match self.facts.owner {
            OwnerFact::Unreadable => "it has no readable record",
            _ => GONE,
        }
    }

    pub(super) fn retire(&self, root: &Root) -> Vec<Action> {
        let mut swept = self.sweep();
        swept.extend(self.end_unreadable());
        let mut deeds = Vec::new();
        if let Some(record) = self.record() {
            let strays = self.strays(record);
            let done = strays.is_empty() || foreign::end(&strays);
            deeds.extend(strays.iter().map(|stray| {
                let verb = if done { "ended" } else { "could not end" };
                self.deed(format!("{verb} process {} ({})", stray.process.pid(), stray.name), "its session ended", done)
            }));
        }
        if swept.iter().chain(&deeds).all(|deed| deed.done) {
            deeds.push(self.remove());
        }
        // Of the servers their ends were reported.
        for deed in &deeds {
            deed.report(root);
        }
        swept.into_iter().chain(deeds).collect()
    }

    fn remove(&self) -> Action {
        let result = removal::remove(&self.paths);
        let done = result.is_ok();
        let left = result.map(|left| removal::but_for(&left)).unwrap_or_default();
        let what = format!("removed the session's files{left}");
        self.deed(what, self.why_retired(), done)
    }

    pub(super) fn deed(&self, what: String, reason: &str, done: bool) -> Action {
        Action { session: self.id.clone(), what, reason: reason.to_owned(), done }
    }
}

/// Why a server is ended by the clean-up, and a session's files are removed.
pub(super) const GONE: &str = "its shell is gone";

/// Looks at all sessions.
pub fn examine_all(root: &Root) -> Vec<Examined> {
    find::all(root).into_iter().map(|id| examine_closely(root, id)).collect()
}

/// Whether the owner that an id names may be alive: there is a process of that number, and it is mine, or nobody can tell.
pub fn may_name_my_process(id: &SessionId) -> bool {
    let is_mine = |pid| process::user(Pid::from_raw(pid)) == Some(context::user());
    id.owner().is_some_and(|pid| is_mine(pid) || !process::are_visible())
}

fn is_younger_than(directory: &Directory, age: Duration) -> bool {
    directory.modified().is_ok_and(|modified| context::wall_clock().duration_since(modified).is_ok_and(|it| it < age))
}
