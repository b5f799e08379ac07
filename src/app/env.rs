//! Where the servers of a session are, for its shell, and which of the shell's variables are no longer true.

use anyhow::Result;

use crate::context;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::server::endpoint::Endpoint;
use crate::server::record::ServerRecord;
use crate::session::join::Inherited;
use crate::session::record::SessionRecord;
use crate::session::view::SessionView;
use crate::session::{find, servers};
use crate::shell::export::{self, Variable};
use crate::shell::stale::{self, Stale};
use crate::supervisor::control;

/// What a shell is to be told of its session's servers.
pub struct Variables {
    pub set: Vec<Variable>,
    /// The names of variables whose servers have ended.
    pub unset: Vec<String>,
    /// Servers without variables, each with the one whose variables are called the same.
    pub left_out: Vec<(ServerName, ServerName)>,
    /// What the caller's variables say that is not true.
    pub stale: Vec<Stale>,
}

/// The servers of a session that have a port, and those that had one.
struct Ported {
    running: Vec<(ServerName, Endpoint)>,
    ended: Vec<ServerName>,
}

/// The variables of this session, or of the named one.
pub fn variables(root: &Root, named: Option<&SessionId>) -> Result<Variables> {
    let (root, session) = find::find(root, named)?;
    let ported = Ported::of(&root.session(&session.record.id));
    let stale = ported.stale();
    let (set, left_out) = export::ports(&ported.running);
    let ended = stale.iter().filter(|stale| stale.truth.is_none());
    Ok(Variables {
        set,
        unset: ended.map(|stale| stale.variable.0.clone()).collect(),
        left_out: left_out.into_iter().map(|(name, first)| (name.clone(), first.clone())).collect(),
        stale,
    })
}

/// The servers of a session that have a port, as long as they have it.
pub fn ports(session: &SessionPaths) -> Vec<(ServerName, Endpoint)> {
    Ported::of(session).running
}

impl Ported {
    fn of(session: &SessionPaths) -> Self {
        let mut ported = Self { running: Vec::new(), ended: Vec::new() };
        for record in servers::read(session).into_iter().filter_map(|(_, record)| record.ok()) {
            let is_alive = record.port.is_some() && is_alive(session, &record);
            match record.port {
                Some(port) if is_alive => ported.running.push((record.name, port)),
                Some(_) => ported.ended.push(record.name),
                None => {}
            }
        }
        ported
    }

    fn stale(&self) -> Vec<Stale> {
        stale::stale(&self.running, &self.ended, context::text_variable)
    }
}

fn is_alive(session: &SessionPaths, record: &ServerRecord) -> bool {
    !record.state.is_final() && control::is_answered_for(&session.server(&record.name), record)
}

/// The variables of the calling shell that say of this session's servers what is not true.
pub fn stale(session: &SessionPaths) -> Vec<Stale> {
    Ported::of(session).stale()
}

/// Which of the caller's variables are not true of one server, if the caller is in its session.
pub fn stale_of(root: &Root, session: &SessionRecord, name: &ServerName) -> Vec<Stale> {
    if !is_told_of(name) || Inherited::from_environment().id.as_ref() != Some(&session.id) {
        return Vec::new();
    }
    let mut found = stale(&root.session(&session.id));
    found.retain(|stale| stale.server == *name);
    found
}

/// Adds to what is shown of the caller's session which of the caller's variables are not true.
pub fn add_stale(root: &Root, view: &mut SessionView) {
    let mut ported = view.servers.iter().filter(|server| server.endpoint().is_some());
    if !view.current || !ported.any(|server| is_told_of(&server.name)) {
        return;
    }
    let Ok(id) = view.id.parse() else { return };
    for stale in stale(&root.session(&id)) {
        if let Some(server) = view.servers.iter_mut().find(|server| server.name == stale.server) {
            server.warnings.push(stale.with_remedy(&view.shell));
        }
    }
}

/// Whether the calling shell has variables of a server. Nothing has to be looked at where it has not.
fn is_told_of(name: &ServerName) -> bool {
    export::names(name).iter().any(|name| context::variable(name).is_some())
}
