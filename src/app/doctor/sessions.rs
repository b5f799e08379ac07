//! What sessions there are, and what dead ones left.

use super::stuck::{self, Stuck};
use super::{Finding, servers};
use crate::context;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::server::record::{ServerRecord, ServerState};
use crate::server::token::Token;
use crate::session::clients::ClientOddity;
use crate::session::sweep::ExaminedSession;
use crate::session::sweep::policy::OwnerFact;
use crate::session::view::StateView;
use crate::session::{clients, recovery, sweep};

/// What is known of all sessions.
#[derive(Default)]
pub struct Sessions {
    living: usize,
    servers: usize,
    /// What `cleanup` would do, and why.
    left: Vec<String>,
    /// Sessions that belong to another place, and what runs there.
    elsewhere: Vec<String>,
    stuck: Vec<Stuck>,
    /// Servers that started with their session and failed, what is to be said of it, and what tells more.
    failed: Vec<(String, String)>,
    /// What is odd about servers and their clients, and what can be done.
    odd: Vec<(String, String)>,
    /// Why records cannot be read.
    unreadable: Vec<String>,
}

/// Looks at the sessions of a root and of the user's others.
pub fn look(root: &Root) -> Sessions {
    let mut sessions = Sessions::default();
    for root in [root].into_iter().chain(&root.others()) {
        let unrecorded = recovery::ownerless_servers(root);
        sessions.left.extend(unrecorded.iter().map(|server| left_without_files(&server.token)));
        for session in sweep::examine_all(root) {
            sessions.add(&session);
        }
    }
    sessions
}

fn left_without_files(token: &Token) -> String {
    format!("{}: server {} runs, but its session's files are gone", token.session(), token.server())
}

impl Sessions {
    fn add(&mut self, session: &ExaminedSession) {
        let records = || session.servers.iter().filter_map(|(_, record)| record.as_ref().ok());
        if session.facts.owner == OwnerFact::Alive {
            self.living += 1;
            self.servers += session.servers.len();
            // Nobody was told when they failed.
            let failed = records().filter(|record| record.autostart && has_failed(record));
            self.failed.extend(failed.map(|record| (did_not_start(&session.id, record), what_tells_why(record))));
            let odd = clients::oddities(records(), context::wall_millis());
            let told = |it: &ClientOddity| format!("{}: {}: {}", session.id, it.server, it.text);
            self.odd.extend(odd.iter().map(|it| (told(it), it.hint(Some(&session.id)))));
        }
        self.elsewhere.extend(session.elsewhere().map(|why| format!("{} {why}", session.id)));
        let intended = session.would_do();
        let left = intended.iter().map(|it| format!("{}: cleanup {} ({})", it.session, it.what, it.reason));
        self.left.extend(left);
        self.stuck.extend(records().filter_map(stuck::look));
        self.unreadable.extend(session.troubles().map(|error| format!("{error:#}")));
    }
}

fn has_failed(record: &ServerRecord) -> bool {
    match &record.state {
        ServerState::Waiting { end, .. } => end.early,
        _ => matches!(StateView::of(record), StateView::Failed { .. }),
    }
}

fn did_not_start(session: &SessionId, record: &ServerRecord) -> String {
    let state = StateView::of(record);
    let why = state.reason().unwrap_or_default();
    format!("{session}: {} did not start with its session: {why}", record.name)
}

fn what_tells_why(record: &ServerRecord) -> String {
    let name = &record.name;
    let more =
        if record.can_be_asked() { format!("; mcp-hook check --connect {name} speaks to it") } else { String::new() };
    format!("mcp-hook logs {name} shows why{more}")
}

pub fn judge(sessions: Sessions) -> Vec<Finding> {
    let known = format!("{} with a living shell, {} in them", sessions.living, servers(sessions.servers));
    let mut findings = vec![Finding::good("sessions", known)];
    if sessions.left.is_empty() && sessions.stuck.is_empty() {
        let none = "none: no session without its shell, no server without its watchers";
        findings.push(Finding::good("left-overs", none));
    }
    for text in sessions.elsewhere {
        let hint = "look at it from there; what is left of it is removed later";
        findings.push(Finding::warning("sessions", text, hint));
    }
    for (text, hint) in sessions.failed.into_iter().chain(sessions.odd) {
        findings.push(Finding::warning("servers", text, hint));
    }
    for text in sessions.left {
        findings.push(Finding::warning("left-overs", text, "mcp-hook cleanup"));
    }
    for Stuck { text, hint } in sessions.stuck {
        findings.push(Finding::problem("left-overs", text, hint));
    }
    for text in sessions.unreadable {
        findings.push(Finding::warning("sessions", text, "remove it if nothing of that session is in use"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::findings::unpainted;

    #[test]
    fn what_dead_sessions_left_is_listed() {
        let clean = Sessions { living: 2, servers: 5, ..Sessions::default() };
        insta::assert_snapshot!(unpainted(&judge(clean)), @r"
        ✓ sessions     2 with a living shell, 5 servers in them
        ✓ left-overs   none: no session without its shell, no server without its watchers
        ");
        let left = Sessions {
            living: 1,
            failed: vec![(
                "pts3-4-b: web did not start with its session: why".to_owned(),
                "mcp-hook logs web shows why".to_owned(),
            )],
            odd: vec![(
                "pts3-4-b: web: no message of x (pid 7) has passed for 3h 00m".to_owned(),
                "what to do".to_owned(),
            )],
            left: vec!["pts3-4-a: cleanup would end server web (its shell is gone)".to_owned()],
            unreadable: vec!["could not read /x/session.json: it has version 7".to_owned()],
            ..Sessions::default()
        };
        insta::assert_snapshot!(unpainted(&judge(left)), @r"
        ✓ sessions     1 with a living shell, 0 servers in them
        ! servers      pts3-4-b: web did not start with its session: why
                       hint: mcp-hook logs web shows why
        ! servers      pts3-4-b: web: no message of x (pid 7) has passed for 3h 00m
                       hint: what to do
        ! left-overs   pts3-4-a: cleanup would end server web (its shell is gone)
                       hint: mcp-hook cleanup
        ! sessions     could not read /x/session.json: it has version 7
                       hint: remove it if nothing of that session is in use
        ");
    }
}
