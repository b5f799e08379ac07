//! Ending a session because its owner is about to end.
//!
//! Returns at once: the shell waits for it, and a terminal that hangs up kills what a shell waits for. The process forks;
//! what has to wait goes on in the background, in a session of its own, without a terminal.

use anyhow::{Context, Result, ensure};

use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::session::live;
use crate::session::owner::is_ancestor;
use crate::session::sweep::policy::OwnerFact;
use crate::session::sweep::{self, ExaminedSession};
use crate::supervisor::control;
use crate::sys::{Pid, fork};

/// Ends the session with this id in the background, if `owner` owns it and has called this.
pub fn close(owner: Pid, id: SessionId) -> Result<()> {
    let root = Root::open()?;
    let session = live::find(&root, &id).with_context(|| format!("could not find the session {id}"))?;
    let is_owner = session.owner.pid() == owner && is_ancestor(owner, Pid::this());
    ensure!(is_owner, "could not close the session {id}: it is not this shell's");
    fork::in_background(|| end(&root, id))?;
    Ok(())
}

/// Ends all servers of a session and removes its files once they are gone.
fn end(root: &Root, id: SessionId) {
    end_servers(&sweep::examine(root, id.clone()));
    let mut session = sweep::examine(root, id);
    session.facts.owner = OwnerFact::Gone;
    let _ = session.carry_out(root);
}

fn end_servers(session: &ExaminedSession) {
    let records = session.servers.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)));
    // The shell may be gone by now, and its servers on their way: their watchers still have to leave.
    let (ended, alive): (Vec<_>, Vec<_>) = records.partition(|(_, record)| record.state.is_final());
    // All are asked before the first is waited for.
    let mut asked = Vec::new();
    for (name, record) in alive {
        let paths = session.paths.server(name);
        let request = control::ask_to_end_session(&paths, record);
        asked.push((paths, record, request));
    }
    for (paths, record, request) in asked {
        let _ = control::await_end(&paths, record, &request);
    }
    for (_, record) in ended {
        control::await_watchers(record);
    }
}
