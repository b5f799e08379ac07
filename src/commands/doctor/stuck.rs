//! Servers that do not end, and supervisors that cannot run.

use crate::server::record::{ServerRecord, ServerState};
use crate::server::unkillable;
use crate::supervisor::watchers::WatcherHandles;

/// What keeps a server from ending, or from being watched, and what can be done.
pub fn look(record: &ServerRecord) -> Option<(String, String)> {
    let (session, name) = (record.token.session(), &record.name);
    if let ServerState::Unkillable { pids, refused, .. } = &record.state {
        let what = unkillable::describe(pids, refused);
        return Some((format!("{session}: server {name} should have ended: {what}"), unkillable::hint(refused)));
    }
    let watchers = (!record.state.is_final()).then(|| WatcherHandles::of(record))?;
    let pid = watchers.stopped_supervisor()?;
    let text = format!("{session}: the supervisor of {name} (pid {pid}) is stopped");
    Some((text, format!("mcp-hook stop {name} --session {session}")))
}
