//! Servers of a session that is over for which somebody still answers, and those for which nobody does any more.

use super::sweep::action::Action;
use super::sweep::policy::{Verdict, judge};
use super::sweep::{Examined, GONE, examine};
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::server::end::Reason;
use crate::server::record::ServerRecord;
use crate::supervisor::control;
use crate::supervisor::recovery::{orphaned, unreadable};
use crate::supervisor::stop_error::StopError;

impl Examined {
    /// Wakes their watchers, who know that it is over unless somebody has stopped them.
    pub(super) fn remind(&self) {
        self.unended().for_each(|(_, record)| control::remind_of_end(record));
    }

    /// The servers of which something may be left.
    pub(super) fn unended(&self) -> impl Iterator<Item = (&ServerName, &ServerRecord)> {
        let readable = self.servers.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)));
        readable.filter(|(_, record)| !record.state.is_final())
    }

    /// Has the watchers of a session that is over end their servers, and does it in their place if they do not: somebody
    /// has stopped them. Removes the session's files once nothing is left.
    pub(super) fn end_overdue(&self, root: &Root) -> Vec<Action> {
        let remind = |(name, record)| {
            let paths = self.paths.server(name);
            let request = control::ask_to_end_session(&paths, record);
            (name, paths, record, request)
        };
        // All are asked before the first is waited for.
        let asked: Vec<_> = self.unended().map(remind).collect();
        let mut deeds = Vec::new();
        for (name, paths, record, request) in asked {
            deeds.push(match control::await_end(&paths, record, &request) {
                Ok(_) => self.deed(format!("ended server {name}"), GONE, true),
                Err(error) => self.deed(format!("could not end server {name}"), &why(&error), false),
            });
            control::await_watchers(record);
        }
        deeds.extend(self.end_unreadable());
        let again = examine(root, self.id.clone());
        if deeds.iter().all(|deed| deed.done) && judge(again.facts) == Verdict::Retire {
            deeds.extend(again.retire(root));
        }
        deeds
    }

    /// Ends what is left of servers whose records cannot be read.
    pub(super) fn end_unreadable(&self) -> Vec<Action> {
        let names: Vec<_> = self.servers.iter().filter(|(_, record)| record.is_err()).map(|(name, _)| name).collect();
        // All processes are looked at once, however many records there are.
        let carried: Vec<_> = if names.is_empty() { Vec::new() } else { unreadable::carried_tokens().collect() };
        let names = names.into_iter().filter(|name| unreadable::is_traced(&self.paths.server(name), &carried));
        let end = |name: &ServerName| match unreadable::end(&self.paths.server(name)) {
            Ok(0) => None,
            Ok(_) => Some(self.deed(format!("ended server {name}"), "its record cannot be read", true)),
            Err(error) => Some(self.deed(format!("could not end server {name}"), &error.to_string(), false)),
        };
        names.filter_map(end).collect()
    }

    /// Those for which nobody answers any more, and those of which an engine had kept the container.
    pub(super) fn lost(&self) -> impl Iterator<Item = (&ServerName, &ServerRecord)> {
        let readable = self.servers.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)));
        readable
            .filter(|(name, record)| !record.is_over() && !control::is_answered_for(&self.paths.server(name), record))
    }

    /// Ends the servers for which nobody answers any more.
    pub fn sweep(&self) -> Vec<Action> {
        if !self.facts.has_lost {
            return Vec::new();
        }
        self.lost()
            .map(|(name, record)| match orphaned::end(&self.paths.server(name), record.clone(), Reason::WatchersLost) {
                Ok(_) => self.deed(format!("ended {}", kind(name, record)), why_lost(record), true),
                Err(error) => self.deed(format!("could not end {}", kind(name, record)), &why(&error), false),
            })
            .collect()
    }
}

/// What is ended by the clean-up.
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
