//! The record of a session: whose it is.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::context;
use crate::disk::file_at::FileAt;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::locations::ShellLocations;
use crate::disk::names::SessionId;
use crate::disk::{file, versioned};
use crate::failure::Hint;
use crate::sys::handle::ProcessHandle;
use crate::sys::host::{Host, Place};
use crate::sys::{Fate, Identity, process};
use crate::units::time;

/// The version of the format. A record of another version is not read.
const VERSION: u32 = 1;

/// `pids/ID/session.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    version: u32,
    pub id: SessionId,
    /// The process that the session lives as long as.
    pub owner: Identity,
    /// Where the owner's number is valid.
    pub host: Host,
    pub user: u32,
    /// Device number of the owner's controlling terminal, 0 if it had none.
    pub terminal: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<PathBuf>,
    /// What the owner is called.
    pub shell: String,
    /// When the session was opened, in milliseconds since the epoch.
    pub created: u64,
    /// The same in milliseconds since boot.
    pub created_since_boot: u64,
    /// Where its shell has what does not lie in the root.
    #[serde(default, rename = "told", skip_serializing_if = "Option::is_none")]
    pub locations: Option<ShellLocations>,
}

/// What has become of a session's owner.
#[derive(Debug)]
pub enum Owner {
    /// It lives; this is a hold on it.
    Alive(ProcessHandle),
    /// It has ended, or the machine was started again since.
    Gone,
    /// Nobody can tell from here: it is somewhere else, or cannot be looked at.
    Elsewhere,
}

impl SessionRecord {
    pub fn new(id: SessionId, owner: Identity, terminal: u64, shell: String) -> Self {
        Self {
            version: VERSION,
            id,
            owner,
            host: Host::current().clone(),
            user: context::user(),
            terminal,
            tty: process::terminal_path(terminal),
            shell,
            created: context::wall_millis(),
            created_since_boot: time::millis(context::uptime()),
            locations: None,
        }
    }

    /// Reads the record of a session; `None` if there is none.
    ///
    /// # Errors
    /// When there is something else in its place, or it is of another version, session, user or format.
    pub fn read(paths: &SessionPaths) -> Result<Option<Self>> {
        let file = paths.record();
        match file::read(&file).transpose() {
            None => Ok(None),
            Some(content) => match content.and_then(|content| Self::check(paths, &file, &content)) {
                // What the system does not let us read now is no reason to remove it.
                Err(error) if error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some()) => Err(error),
                result => result
                    .map(Some)
                    .hint(|| format!("{} goes with it; remove it if nothing of that session is in use", paths.pids)),
            },
        }
    }

    fn check(paths: &SessionPaths, file: &FileAt, content: &[u8]) -> Result<Self> {
        let describe = || format!("could not read {file}");
        let record = Self::parse(content).with_context(describe)?;
        // The same user has another number in a user namespace of a container.
        let is_mine = record.user == context::user() || record.host.place() == Place::OtherNamespace;
        ensure!(is_mine, "{}: it is a session of user {}", describe(), record.user);
        let directory = paths.pids.path().file_name().and_then(|name| name.to_str());
        ensure!(directory == Some(record.id.as_str()), "{}: it is the record of {}", describe(), record.id);
        Ok(record)
    }

    /// Whose a session is, is read from a record of every version.
    fn parse(content: &[u8]) -> Result<Self> {
        let salvage = || versioned::salvage(content, VERSION, &Self::blank()?, &["id", "owner", "host", "user"]);
        versioned::parse(content, VERSION, |record: &Self| record.version).or_else(|error| salvage().ok_or(error))
    }

    /// A record that says nothing.
    fn blank() -> Option<Self> {
        let nobody = Identity { pid: 0, start: 0, serial: None };
        Some(Self::new("notty-1-aaaa".parse().ok()?, nobody, 0, String::new()))
    }

    /// Writes the record, and the owner's pid beside it.
    pub fn write(&self, paths: &SessionPaths) -> std::io::Result<()> {
        file::replace(&paths.pid(), format!("{}\n", self.owner.pid).as_bytes())?;
        file::replace(&paths.record(), &serde_json::to_vec(self)?)
    }

    /// What has become of the owner.
    pub fn owner(&self) -> Owner {
        self.owner_at(self.host.place())
    }

    /// The same after a look at all processes: nobody is in a pid namespace that has ended.
    pub fn owner_after_a_look(&self) -> Owner {
        self.owner_at(self.host.place_after_a_look())
    }

    fn owner_at(&self, place: Place) -> Owner {
        match place {
            Place::Here => match ProcessHandle::find(&self.owner) {
                Fate::Lives(owner) => Owner::Alive(owner),
                Fate::Ended => Owner::Gone,
                Fate::Unknown => Owner::Elsewhere,
            },
            Place::Past => Owner::Gone,
            Place::OtherNamespace | Place::OtherHost | Place::Unknown => Owner::Elsewhere,
        }
    }
}

/// The ids of all sessions that have files, in order.
pub fn session_ids(root: &Root) -> Vec<SessionId> {
    let names = root.pids().names().unwrap_or_default();
    let mut ids: Vec<SessionId> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Pid;

    const VERSION_1: &str = include_str!("../../tests/fixtures/session-v1.json");

    #[test]
    fn the_first_format_is_still_read() {
        let record = SessionRecord::parse(VERSION_1.as_bytes()).expect("version 1");
        assert_eq!(record.id.as_str(), "pts3-48213-k7f2");
        assert_eq!(record.owner.pid, 48213);
    }

    #[test]
    fn an_owner_of_another_boot_is_gone_and_one_of_another_machine_or_container_is_elsewhere() {
        let me = ProcessHandle::open(Pid::this()).expect("I live").identity();
        let mut record = SessionRecord::new("notty-1-abcd".parse().expect("an id"), me, 0, "test".into());
        assert!(matches!(record.owner(), Owner::Alive(_)));
        record.host.namespace.insert(0, 'x');
        assert!(matches!(record.owner(), Owner::Elsewhere));
        record.host.boot.push('x');
        assert!(matches!(record.owner(), Owner::Gone));
        record.host.name.push('x');
        assert!(matches!(record.owner(), Owner::Elsewhere));
        record.host.boot.clear();
        assert!(matches!(record.owner(), Owner::Elsewhere));
    }
}
