//! A session whose owner lives.

use super::record::{Owner, SessionRecord};
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::sys::handle::ProcessHandle;

/// A session that lives.
pub struct Session {
    pub record: SessionRecord,
    pub owner: ProcessHandle,
}

/// The session with this id, if its owner lives.
pub fn find(root: &Root, id: &SessionId) -> Option<Session> {
    let record = SessionRecord::read(&root.session(id)).ok()??;
    match record.owner() {
        Owner::Alive(owner) => Some(Session { record, owner }),
        Owner::Gone | Owner::Elsewhere => None,
    }
}
