//! The session that an agent is in: the only one that it reaches.

use anyhow::Result;

use crate::app::status::Scope;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::session::find;
use crate::session::live::Session;
use crate::session::view::{ServerView, SessionView};

pub struct CurrentSession {
    pub root: Root,
    pub session: Session,
}

impl CurrentSession {
    pub fn find() -> Result<Self> {
        match find::find_existing(&Root::open()?, None)? {
            Some((root, session)) => Ok(Self { root, session }),
            None => Err(hinted(
                "could not find a session: the client that started mcp-hook mcp is in none",
                "start the client in a terminal whose shell has the hook (mcp-hook init shows how), or have the client start \
                 one of its servers by mcp-hook (mcp-hook wrap): both open a session",
            )),
        }
    }

    pub fn paths(&self) -> SessionPaths {
        self.root.session(&self.session.record.id)
    }

    /// Looks at its servers.
    pub fn look(self) -> Result<SessionView> {
        let scope = Scope::One { root: self.root, session: Box::new(self.session), is_current: true };
        let mut sessions = scope.look()?.sessions;
        Ok(sessions.swap_remove(0))
    }

    pub fn look_at(self, name: &ServerName) -> Result<ServerView> {
        let found = self.look()?.servers.into_iter().find(|server| server.name == *name);
        found.ok_or_else(|| {
            let message = format!("could not find {name}: there is no server of this name in this session");
            hinted(message, "mcp-hook status shows those there are")
        })
    }
}
