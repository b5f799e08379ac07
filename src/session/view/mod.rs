//! What `status` tells of sessions and servers, in the stable form of its `--json`.

mod container;
mod foreign_listener;
mod health;
mod json;
mod record;
mod server;
mod state;
mod sum;
#[cfg(test)]
mod tests;
mod traffic;
mod usage;

use std::path::PathBuf;

use serde::Serialize;

pub use self::container::ContainerView;
pub use self::health::HealthView;
pub use self::record::RecordView;
#[cfg(test)]
pub use self::server::ProcessView;
pub use self::server::ServerView;
pub use self::state::{LastExit, StateView};
pub use self::sum::UsageSum;
pub use self::traffic::{MethodView, TrafficView};
pub use self::usage::TreeView;
use super::record::SessionRecord;
use super::servers;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::terminate::foreign::Foreign;

/// The version of the format; raised when something in it changes its meaning.
const VERSION: u32 = 1;

/// All that `status --json` prints.
#[derive(Debug, Serialize)]
pub struct StatusReport {
    pub version: u32,
    /// The sessions, in order of their ids.
    pub sessions: Vec<SessionView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    pub id: String,
    /// Whether it is the one that the command is in.
    pub current: bool,
    pub owner: OwnerView,
    pub tty: Option<PathBuf>,
    /// What its owner is called.
    pub shell: String,
    /// When it was opened, in milliseconds since the epoch.
    pub created: u64,
    pub sum: UsageSum,
    /// Its servers, in order of their names.
    pub servers: Vec<ServerView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct OwnerView {
    pub pid: i32,
    /// Whether it lives, as far as that can be told from here.
    pub alive: bool,
    /// Where it is, if not here: then nobody here knows whether it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
}

/// The report on these sessions.
pub fn report(mut sessions: Vec<SessionView>) -> StatusReport {
    sessions.iter_mut().flat_map(|session| &mut session.servers).for_each(ServerView::look_closer);
    StatusReport { version: VERSION, sessions }
}

impl SessionView {
    /// Looks at a session.
    pub fn of(root: &Root, record: &SessionRecord, alive: bool, current: bool) -> Self {
        let paths = root.session(&record.id);
        let mut servers = ServerView::of_all(&paths);
        let is_known = |name: &ServerName| servers.iter().any(|server| server.name == *name);
        let foreign = servers::foreign(&paths, record, is_known);
        servers.extend(foreign.iter().filter_map(unmanaged));
        Self {
            id: record.id.to_string(),
            current,
            owner: OwnerView { pid: record.owner.pid, alive, place: record.host.place().name() },
            tty: record.tty.clone(),
            shell: record.shell.clone(),
            created: record.created,
            sum: UsageSum::of(&servers),
            servers,
        }
    }
}

/// A process that a script named in a pid file of its own, if that has a name that a server may have.
fn unmanaged(foreign: &Foreign) -> Option<ServerView> {
    let name = if foreign.name == "session" { "unmanaged" } else { &foreign.name };
    Some(ServerView::unmanaged(name.parse().ok()?, &foreign.process))
}
