//! Ending the servers of a session that is over, and those for which nobody answers any more.

use super::action::Action;
use super::examine::ExaminedSession;
use crate::disk::names::ServerName;
use crate::server::end::Reason;
use crate::server::record::ServerRecord;
use crate::supervisor::control;
use crate::supervisor::recovery::{orphaned, tokens, unreadable};
use crate::supervisor::stop_error::StopError;

/// Why the servers of a session are ended, and its files are removed.
pub(super) const SHELL_IS_GONE: &str = "its shell is gone";

impl ExaminedSession {
    /// Wakes the watchers of a session that is over. They know that it is, unless somebody has stopped them.
    pub(super) fn remind(&self) {
        self.unended().for_each(|(_, record)| control::remind_of_end(record));
    }

    /// Has the watchers of a session that is over end their servers, and does it in their place if they do not: somebody
    /// has stopped them.
    pub(super) fn end_overdue(&self) -> Vec<Action> {
        // All are asked before the first is waited for.
        let mut asked = Vec::new();
        for (name, record) in self.unended() {
            let paths = self.paths.server(name);
            let request = control::ask_to_end_session(&paths, record);
            asked.push((name, paths, record, request));
        }
        let mut actions = Vec::new();
        for (name, paths, record, request) in asked {
            actions.push(match control::await_end(&paths, record, &request) {
                Ok(_) => self.action(format!("ended server {name}"), SHELL_IS_GONE, true),
                Err(error) => self.action(format!("could not end server {name}"), &why(&error), false),
            });
            control::await_watchers(record);
        }
        actions
    }

    /// Ends what is left of servers whose records cannot be read.
    pub(super) fn end_unreadable(&self) -> Vec<Action> {
        let names: Vec<_> = self.servers.iter().filter(|(_, record)| record.is_err()).map(|(name, _)| name).collect();
        if names.is_empty() {
            return Vec::new();
        }
        // All processes are looked at once, however many records there are.
        let carried: Vec<_> = tokens::carried().collect();
        let names = names.into_iter().filter(|name| tokens::is_traced(&self.paths.server(name), &carried));
        names.filter_map(|name| self.end_traced(name)).collect()
    }

    fn end_traced(&self, name: &ServerName) -> Option<Action> {
        match unreadable::end(&self.paths.server(name)) {
            Ok(0) => None,
            Ok(_) => Some(self.action(format!("ended server {name}"), "its record cannot be read", true)),
            Err(error) => Some(self.action(format!("could not end server {name}"), &error.to_string(), false)),
        }
    }

    /// Ends the servers for which nobody answers any more.
    pub fn end_lost(&self) -> Vec<Action> {
        if !self.facts.has_lost {
            return Vec::new();
        }
        let end = |(name, record): (&ServerName, &ServerRecord)| {
            let what = kind(name, record);
            match orphaned::end(&self.paths.server(name), record.clone(), Reason::WatchersLost) {
                Ok(_) => self.action(format!("ended {what}"), why_lost(record), true),
                Err(error) => self.action(format!("could not end {what}"), &why(&error), false),
            }
        };
        self.lost().map(end).collect()
    }

    pub(super) fn action(&self, what: String, reason: &str, done: bool) -> Action {
        Action { session: self.id.clone(), what, reason: reason.to_owned(), done }
    }
}

/// What is ended of a lost server.
pub(super) fn kind(name: &ServerName, record: &ServerRecord) -> String {
    if record.state.is_final() { format!("the container of {name}") } else { format!("server {name}") }
}

/// Why it is.
pub(super) fn why_lost(record: &ServerRecord) -> &'static str {
    if record.state.is_final() { "its engine had kept it" } else { "its supervisor and keeper are gone" }
}

/// Why it could not be ended, and what would do it.
fn why(error: &StopError) -> String {
    match error {
        StopError::Container { why, remedy } => format!("{why}; to end it: {remedy}"),
        error => error.to_string(),
    }
}
