//! Servers that this process stands or falls with: its own connection, and its client's.

use crate::disk::layout::SessionPaths;
use crate::disk::names::ServerName;
use crate::server::record::ServerRecord;
use crate::session::owner::ancestors;
use crate::supervisor::control;
use crate::sys::Pid;

/// Whether this process is one of a server's tree.
pub fn is_within(session: &SessionPaths, name: &ServerName) -> bool {
    let record = ServerRecord::read(&session.server(name)).ok().flatten();
    let watchers = record.filter(ServerRecord::is_of_this_host).and_then(|record| record.watchers);
    watchers.is_some_and(|both| {
        let mut above = ancestors(Pid::this());
        above.any(|pid| [both.supervisor, both.keeper].iter().any(|it| it.pid() == pid && control::lives(it)))
    })
}
