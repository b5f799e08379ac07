//! Doing with a session what the policy says.

use tracing::debug;

use super::action::Action;
use super::examine::{ExaminedSession, examine};
use super::files;
use super::policy::{Decision, OwnerFact, decide};
use super::servers::{SHELL_IS_GONE, kind, why_lost};
use crate::disk::layout::Root;
use crate::terminate::foreign;

const SESSION_ENDED: &str = "its session ended";

impl ExaminedSession {
    /// Does what the policy says, and tells what that was. Safe to be done by several at once.
    pub fn carry_out(&self, root: &Root) -> Vec<Action> {
        let decision = decide(self.facts);
        debug!(session = %self.id, ?decision, "examined a session");
        let actions = match decision {
            Decision::Leave => Vec::new(),
            Decision::Remind => self.finish(root),
            Decision::EndLost => self.end_lost(),
            Decision::Remove => self.remove(root),
        };
        self.paths.release();
        actions
    }

    /// What [`ExaminedSession::carry_out`] would do.
    pub fn would_do(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        match decide(self.facts) {
            Decision::Leave => {}
            Decision::Remind => actions.extend(self.would_end_overdue()),
            Decision::EndLost => actions.extend(self.would_end_lost()),
            Decision::Remove => {
                actions.extend(self.would_end_lost());
                actions.extend(self.would_end_foreign());
                actions.push(self.action("would remove the session's files".to_owned(), self.why_removed(), false));
            }
        }
        self.paths.release();
        actions
    }

    fn would_end_overdue(&self) -> impl Iterator<Item = Action> {
        self.unended().map(|(name, _)| self.action(format!("would end server {name}"), SHELL_IS_GONE, false))
    }

    fn would_end_lost(&self) -> impl Iterator<Item = Action> {
        self.lost()
            .map(|(name, record)| self.action(format!("would end {}", kind(name, record)), why_lost(record), false))
    }

    fn would_end_foreign(&self) -> impl Iterator<Item = Action> {
        let processes = self.foreign().into_iter();
        processes.map(|it| {
            self.action(format!("would end process {} ({})", it.process.pid(), it.name), SESSION_ENDED, false)
        })
    }

    /// Ends the servers of a session that is over, and removes it once nothing of them is left.
    fn finish(&self, root: &Root) -> Vec<Action> {
        let mut actions = self.end_overdue();
        actions.extend(self.end_unreadable());
        let again = examine(root, self.id.clone());
        if actions.iter().all(|action| action.done) && decide(again.facts) == Decision::Remove {
            actions.extend(again.remove(root));
        }
        actions
    }

    /// Ends what is left of a session, and removes its files.
    fn remove(&self, root: &Root) -> Vec<Action> {
        let mut ended = self.end_lost();
        ended.extend(self.end_unreadable());
        let mut actions = self.end_foreign();
        if ended.iter().chain(&actions).all(|action| action.done) {
            actions.push(self.remove_files());
        }
        // Of the servers their ends were reported.
        for action in &actions {
            action.report(root);
        }
        ended.into_iter().chain(actions).collect()
    }

    fn end_foreign(&self) -> Vec<Action> {
        let processes = self.foreign();
        let done = processes.is_empty() || foreign::end(&processes);
        let verb = if done { "ended" } else { "could not end" };
        let action = |it: &foreign::Foreign| {
            self.action(format!("{verb} process {} ({})", it.process.pid(), it.name), SESSION_ENDED, done)
        };
        processes.iter().map(action).collect()
    }

    fn remove_files(&self) -> Action {
        let result = files::remove(&self.paths);
        let done = result.is_ok();
        let left = result.map(|left| files::but_for(&left)).unwrap_or_default();
        self.action(format!("removed the session's files{left}"), self.why_removed(), done)
    }

    fn why_removed(&self) -> &'static str {
        match self.facts.owner {
            OwnerFact::Unreadable => "it has no readable record",
            _ => SHELL_IS_GONE,
        }
    }
}
