//! The session around a shell: what its environment says of it, and whether the shell may join it.

use tracing::debug;

use super::live::{self, Session};
use super::owner::is_ancestor;
use crate::context;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::sys::process::{self, Process};

/// What the environment says of a session. Hints, never trusted.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// `MCP_SESSION_ID`.
    pub id: Option<SessionId>,
    /// The pid in `MCP_HOOK_OWNER`, if it names the same session.
    pub owner: Option<i32>,
    /// `MCP_HOOK_NESTED=new`.
    pub wants_own: bool,
}

impl Inherited {
    /// Reads the environment. What has not the right shape counts as unset.
    pub fn from_environment() -> Self {
        let id: Option<SessionId> = context::text_variable("MCP_SESSION_ID").and_then(|text| text.parse().ok());
        let owner = context::text_variable("MCP_HOOK_OWNER").and_then(|text| {
            let (pid, session) = text.split_once(':')?;
            (Some(session) == id.as_ref().map(SessionId::as_str)).then(|| pid.parse().ok())?
        });
        let wants_own = context::text_variable("MCP_HOOK_NESTED").as_deref() == Some("new");
        Self { id, owner, wants_own }
    }
}

/// The session that `shell` may join, and the root that it lies in: this one, or another one of this user.
pub fn find(root: &Root, shell: &Process, inherited: &Inherited) -> Option<(Root, Session)> {
    if let Some(session) = find_in(root, shell, inherited) {
        debug!(session = %session.record.id, "joined the session around this shell");
        return Some((root.clone(), session));
    }
    inherited.id.as_ref()?;
    for root in root.others() {
        if let Some(session) = find_in(&root, shell, inherited) {
            debug!(session = %session.record.id, "joined a session that was opened with other variables");
            return Some((root, session));
        }
    }
    None
}

fn find_in(root: &Root, shell: &Process, inherited: &Inherited) -> Option<Session> {
    let session = live::find(root, inherited.id.as_ref()?)?;
    let is_own = session.owner.pid() == shell.pid;
    (is_own || !inherited.wants_own && shares_terminal(&session, shell)).then_some(session)
}

/// Whether `shell` is on the terminal of a session's owner, as it is now: names of terminals come back.
fn shares_terminal(session: &Session, shell: &Process) -> bool {
    let Some(owner) = process::read(session.owner.pid()) else { return false };
    if session.owner.has_exited() || owner.terminal != shell.terminal {
        return false;
    }
    // Without a terminal on either side only descent tells.
    shell.terminal != 0 || is_ancestor(owner.pid, shell.pid)
}
