//! Servers that do not end, and supervisors that cannot run.

use crate::server::record::{ServerRecord, ServerState};
use crate::server::unkillable;
use crate::supervisor::watchers::WatcherHandles;

/// What keeps a server from ending, or from being watched, and what can be done.
pub struct Stuck {
    pub text: String,
    pub hint: String,
}

pub fn look(record: &ServerRecord) -> Option<Stuck> {
    let (session, name) = (record.token.session(), &record.name);
    if let ServerState::Unkillable { pids, refused, .. } = &record.state {
        let what = unkillable::describe(pids, refused);
        let text = format!("{session}: server {name} should have ended: {what}");
        return Some(Stuck { text, hint: unkillable::hint(refused) });
    }
    if record.state.is_final() {
        return None;
    }
    let pid = WatcherHandles::of(record).stopped_supervisor()?;
    let text = format!("{session}: the supervisor of {name} (pid {pid}) is stopped");
    Some(Stuck { text, hint: format!("mcp-hook stop {name} --session {session}") })
}
