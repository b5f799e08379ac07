//! Opening a session for a shell: joining the one that it is in, or making a new one.

use anyhow::Result;
use tracing::debug;

use super::create::find_or_make;
use super::join::{self, Inherited};
use super::live::Session;
use super::recovery;
use crate::disk::layout::Root;
use crate::sys::process::Process;

/// What [`open`] found or made.
pub struct Opened {
    /// The root that it lies in.
    pub root: Root,
    pub session: Session,
    pub is_new: bool,
}

/// Opens a session for `shell`: the same one if it owns one already, the one around it if that is on the same
/// terminal, else a new one.
pub fn open(root: &Root, shell: &Process, inherited: &Inherited) -> Result<Opened> {
    if let Some((root, session)) = join::find(root, shell, inherited) {
        return Ok(Opened { root, session, is_new: false });
    }
    if let Some(session) = recovery::remake_session(root, inherited, &[shell.pid])? {
        return Ok(Opened { root: root.clone(), session, is_new: false });
    }
    debug!("no session to join");
    let (session, is_new) = find_or_make(root, shell)?;
    Ok(Opened { root: root.clone(), session, is_new })
}
