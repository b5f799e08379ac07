//! Sessions whose files were removed under them: the runtime directory goes with the last login, while a tmux lives on.

use anyhow::Result;
use tracing::debug;

use super::create::make_files;
use super::join::Inherited;
use super::live::Session;
use super::record::SessionRecord;
use crate::context;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::supervisor::recovery::unrecorded::{self, Unrecorded};
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, process};

/// Makes the files of the inherited session again, those of its servers too, if they are gone and its owner is one of
/// `above`.
pub fn remake_session(root: &Root, inherited: &Inherited, above: &[Pid]) -> Result<Option<Session>> {
    let Some(id) = &inherited.id else { return Ok(None) };
    let Some(owner) = inherited.owner.map(Pid::from_raw) else { return Ok(None) };
    let is_owner = id.owner() == Some(owner.as_raw())
        && above.contains(&owner)
        && process::user(owner) == Some(context::user())
        && !has_record(root, id);
    if !is_owner {
        return Ok(None);
    }
    let Some(owner) = ProcessHandle::open(owner).filter(|owner| !owner.has_exited()) else { return Ok(None) };
    if let Some((_, error)) = root.refused().into_iter().find(|(other, _)| other.session(id).pids.path().exists()) {
        return Err(error);
    }
    let terminal = process::read(owner.pid()).map_or(0, |process| process.terminal);
    let record = make_files(root, id.clone(), &owner, terminal)?;
    debug!(session = %id, "its files had been removed; they were made again");
    rewrite_records(root, id);
    Ok(Some(Session { record, owner }))
}

/// Has the supervisors of a session whose records are gone write them again.
pub fn rewrite_records(root: &Root, id: &SessionId) {
    for server in unrecorded::find(root).iter().filter(|server| server.token.session() == id) {
        server.rewrite_record(root);
    }
}

/// The servers whose records are gone, and whose session's record is too: of these nobody can tell whose they are.
pub fn ownerless_servers(root: &Root) -> Vec<Unrecorded> {
    unrecorded::find(root).into_iter().filter(|server| !has_record(root, server.token.session())).collect()
}

/// Whether a session has a record, readable or not.
pub fn has_record(root: &Root, id: &SessionId) -> bool {
    !matches!(SessionRecord::read(&root.session(id)), Ok(None))
}
