//! What servers do: those of one session, or of all.

use anyhow::{Error, Result};

use super::env;
use crate::disk::layout::Root;
use crate::disk::names::{ServerName, SessionId};
use crate::session::live::Session;
use crate::session::record::{Owner, SessionRecord, session_ids};
use crate::session::view::{ServerView, SessionView};
use crate::session::{find, sweep};

/// The sessions that are looked at.
pub enum Scope {
    /// Every session of the user in which something lives.
    All(Root),
    One {
        root: Root,
        session: Box<Session>,
        is_current: bool,
    },
}

/// What was seen of sessions.
pub struct Overview {
    pub sessions: Vec<SessionView>,
    /// Why sessions are missing.
    pub unreadable: Vec<Error>,
}

impl Scope {
    /// The session that the caller is in, or the named one.
    pub fn one(root: &Root, named: Option<&SessionId>) -> Result<Self> {
        let (root, session) = find::find(root, named)?;
        let is_current = named.is_none() || is_current(&root, &session);
        Ok(Self::One { root, session: Box::new(session), is_current })
    }

    pub fn root(&self) -> &Root {
        match self {
            Self::All(root) | Self::One { root, .. } => root,
        }
    }

    /// Looks at the sessions. Servers that lost both watchers are ended before anything is said of them.
    pub fn look(&self) -> Result<Overview> {
        match self {
            Self::All(root) => all(root),
            Self::One { root, session, is_current } => {
                let alive = !session.owner.has_exited();
                let view = view(root, &session.record, alive, *is_current);
                Ok(Overview { sessions: vec![view], unreadable: Vec::new() })
            }
        }
    }
}

impl Overview {
    /// Leaves out all servers but those of one name.
    pub fn only(&mut self, name: &ServerName) {
        for session in &mut self.sessions {
            session.servers.retain(|server| server.name == *name);
        }
    }

    pub fn servers(&mut self) -> impl Iterator<Item = &mut ServerView> {
        self.sessions.iter_mut().flat_map(|session| &mut session.servers)
    }
}

fn is_current(root: &Root, session: &Session) -> bool {
    find::current(root).ok().flatten().is_some_and(|(_, current)| current.record.id == session.record.id)
}

fn all(root: &Root) -> Result<Overview> {
    let current = find::current(root)?.map(|(_, session)| session.record.id);
    let mut overview = Overview { sessions: Vec::new(), unreadable: Vec::new() };
    for root in [root].into_iter().chain(&root.others()) {
        for id in session_ids(root) {
            overview.add(root, id, current.as_ref());
        }
    }
    Ok(overview)
}

impl Overview {
    /// Adds a session. A dead one is of interest only while something of it is.
    fn add(&mut self, root: &Root, id: SessionId, current: Option<&SessionId>) {
        let record = match SessionRecord::read(&root.session(&id)) {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => {
                self.unreadable.push(error);
                let _ = sweep::examine(root, id).end_lost();
                return;
            }
        };
        let alive = matches!(record.owner(), Owner::Alive(_));
        let view = view(root, &record, alive, current == Some(&id));
        if alive || view.servers.iter().any(ServerView::is_managed) {
            self.sessions.push(view);
        }
    }
}

fn view(root: &Root, record: &SessionRecord, alive: bool, is_current: bool) -> SessionView {
    let mut view = SessionView::of(root, record, alive, is_current);
    if view.servers.iter().any(ServerView::is_lost) {
        let _ = sweep::examine(root, record.id.clone()).end_lost();
        view = SessionView::of(root, record, alive, is_current);
    }
    env::add_stale(root, &mut view);
    view
}
