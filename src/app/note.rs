//! A line in the central log, from a script.

use anyhow::{Context, Result};

use crate::context;
use crate::disk::layout::Root;
use crate::disk::names::{ServerName, SessionId};
use crate::log::central::{self, CentralEntry, Level};
use crate::session::find;

/// Writes what is to be said of a server in the caller's session, or in the named one. A script outside of every session has
/// something to say, too.
pub fn write(named: Option<&SessionId>, level: Level, server: ServerName, text: String) -> Result<()> {
    let root = Root::open()?;
    let found = match named {
        Some(_) => Some(find::find(&root, named)?),
        None => find::current(&root).ok().flatten(),
    };
    let (root, session) = found.map_or((root, None), |(root, session)| (root, Some(session.record.id)));
    let entry = CentralEntry { time: context::wall_clock(), level, session, server: Some(server), text };
    let central = root.central();
    central::write(&central, &entry).with_context(|| format!("could not write {}", central.main))
}
