//! Servers looked at again and again: what they do, what they log, and when to look the next time.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::status::Scope;
use crate::disk::file_at::FileAt;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::log;
use crate::session::view::{ServerView, SessionView};
use crate::sys::follow::Follower;

/// How many sessions are followed; the others are looked at only when the caller looks again.
const FOLLOWED: usize = 16;

/// What is looked at, and the directories in which changes are noticed.
pub struct Live {
    scope: Scope,
    only: Option<ServerName>,
    followers: HashMap<PathBuf, Follower>,
}

impl Live {
    pub fn new(scope: Scope, only: Option<ServerName>) -> Self {
        Self { scope, only, followers: HashMap::new() }
    }

    pub fn look(&mut self) -> Result<Vec<SessionView>> {
        let mut overview = self.scope.look()?;
        if let Some(name) = &self.only {
            overview.only(name);
        }
        self.follow(&overview.sessions);
        overview.servers().for_each(ServerView::look_closer);
        Ok(overview.sessions)
    }

    /// Follows the directories with the records of these sessions.
    fn follow(&mut self, sessions: &[SessionView]) {
        let root = self.scope.root();
        let directories = sessions.iter().filter_map(|session| records_of(root, session));
        let mut wanted: Vec<PathBuf> = directories.take(FOLLOWED).collect();
        if let Scope::All(root) = &self.scope {
            wanted.push(root.pids().path().to_owned());
        }
        self.followers.retain(|known, _| wanted.contains(known));
        for directory in wanted {
            if !self.followers.contains_key(&directory)
                && let Ok(follower) = Follower::new(&directory)
            {
                self.followers.insert(directory, follower);
            }
        }
    }

    /// What can be read once a record has changed.
    pub fn changes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.followers.values().map(Follower::as_poll_fd)
    }

    /// Forgets the changes that were noticed.
    pub fn settle(&self) {
        for follower in self.followers.values() {
            follower.wait(Duration::ZERO);
        }
    }

    /// The last lines of a server's log.
    pub fn log(&self, path: &Path, lines: usize) -> Vec<String> {
        let file = self.log_at(path);
        file.and_then(|file| log::tail(&file, lines, |_| true).ok()).unwrap_or_default()
    }

    /// A session's log by its path.
    fn log_at(&self, path: &Path) -> Option<FileAt> {
        let session = name(path.parent()?)?;
        Some(self.scope.root().logs().inner(&session).file(name(path)?))
    }
}

fn records_of(root: &Root, session: &SessionView) -> Option<PathBuf> {
    Some(root.session(&session.id.parse().ok()?).pids.path().to_owned())
}

fn name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}
