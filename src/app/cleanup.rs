//! Ending what outlived its session, and removing what dead sessions left, in all roots of the user.

use crate::disk::layout::Root;
use crate::disk::lock_file;
use crate::session::sweep::action::Action;
use crate::session::sweep::logs;
use crate::session::sweep::policy::{Decision, decide};
use crate::session::sweep::{self, ExaminedSession};
use crate::session::{find, recovery};
use crate::supervisor::recovery::unrecorded::Unrecorded;

/// What a clean-up did or would do.
#[derive(Default)]
pub struct Cleanup {
    pub actions: Vec<Action>,
    /// What cannot be read of sessions that are left alone.
    pub unreadable: Vec<String>,
}

/// What a clean-up is to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Nothing: only say what would be done.
    DryRun,
    Everything,
}

/// Cleans up, or says what that would do.
pub fn clean_up(root: &Root, extent: Extent) -> Cleanup {
    // Ours comes back before it is looked for.
    let _ = find::current(root);
    let mut cleanup = Cleanup::default();
    for root in [root].into_iter().chain(&root.others()) {
        cleanup.add(root, extent);
    }
    cleanup
}

impl Cleanup {
    fn add(&mut self, root: &Root, extent: Extent) {
        for server in recovery::ownerless_servers(root) {
            self.actions.push(end_ownerless(root, &server, extent));
        }
        let sessions = sweep::examine_all(root);
        match extent {
            Extent::DryRun => {
                self.actions.extend(sessions.iter().flat_map(ExaminedSession::would_do));
                self.actions.extend(logs::would_remove(root));
            }
            Extent::Everything => {
                self.actions.extend(sessions.iter().flat_map(|session| session.carry_out(root)));
                lock_file::sweep(root.ports());
                lock_file::sweep(root.launchers());
                self.actions.extend(logs::remove_expired(root));
            }
        }
        let left_alone = sessions.iter().filter(|session| decide(session.facts) == Decision::Leave);
        self.unreadable.extend(left_alone.flat_map(ExaminedSession::troubles).map(|error| format!("{error:#}")));
    }
}

/// Ends a server whose record was removed along with that of its session.
fn end_ownerless(root: &Root, server: &Unrecorded, extent: Extent) -> Action {
    let name = server.token.server();
    let (what, done) = match extent {
        Extent::DryRun => (format!("would end server {name}"), false),
        Extent::Everything if server.rewrite_record(root) && server.end(root).is_ok() => {
            (format!("ended server {name}"), true)
        }
        Extent::Everything => (format!("could not end server {name}"), false),
    };
    let session = server.token.session().clone();
    let action = Action { session, what, reason: "its session's files are gone".to_owned(), done };
    if extent == Extent::Everything {
        action.report(root);
    }
    action
}
