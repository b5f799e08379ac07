//! `cleanup`: what outlived its session.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::cli::Cleanup;
use crate::disk::layout::Root;
use crate::disk::lock_file;
use crate::session::sweep::action::Action;
use crate::session::sweep::policy::{Verdict, judge};
use crate::session::sweep::{self, Examined};
use crate::session::{find, recovery, retention};
use crate::supervisor::recovery::unrecorded::Unrecorded;
use crate::text::plain;
use crate::ui;

/// What `cleanup --json` prints.
#[derive(Serialize)]
struct Report {
    version: u32,
    dry_run: bool,
    actions: Vec<Entry>,
}

/// One thing that was done.
#[derive(Serialize)]
struct Entry {
    session: String,
    action: String,
    reason: String,
    done: bool,
}

impl Run for Cleanup {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        // Ours comes back before it is looked for.
        let _ = find::current(&root);
        let (mut deeds, mut sessions) = (Vec::new(), Vec::new());
        for root in [&root].into_iter().chain(&root.others()) {
            let (done, examined) = self.clean(root);
            deeds.extend(done);
            sessions.extend(examined);
        }
        let failed = !self.dry_run && deeds.iter().any(|deed| !deed.done);
        self.show(deeds)?;
        for session in sessions.iter().filter(|session| judge(session.facts) == Verdict::Leave) {
            for error in session.troubles() {
                ui::warn(&format!("left alone: {error:#}"));
            }
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Cleanup {
    /// Cleans up one root; returns what was done, and the sessions that there were.
    fn clean(&self, root: &Root) -> (Vec<Action>, Vec<Examined>) {
        let mut deeds = self.end_ownerless(root);
        let sessions = sweep::examine_all(root);
        if self.dry_run {
            deeds.extend(sessions.iter().flat_map(Examined::intended));
            deeds.extend(retention::intended(root));
        } else {
            deeds.extend(sessions.iter().flat_map(|session| session.carry_out(root)));
            lock_file::sweep(root.ports());
            lock_file::sweep(root.launchers());
            deeds.extend(retention::carry_out(root));
        }
        (deeds, sessions)
    }

    /// Ends the servers whose records were removed along with that of their session.
    fn end_ownerless(&self, root: &Root) -> Vec<Action> {
        let end = |server: &Unrecorded| {
            let (session, name) = (server.token.session().clone(), server.token.server());
            let done = !self.dry_run && server.rewrite_record(root) && server.end(root).is_ok();
            let what = match (self.dry_run, done) {
                (true, _) => format!("would end server {name}"),
                (false, true) => format!("ended server {name}"),
                (false, false) => format!("could not end server {name}"),
            };
            let deed = Action { session, what, reason: "its session's files are gone".to_owned(), done };
            if !self.dry_run {
                deed.report(root);
            }
            deed
        };
        recovery::ownerless(root).iter().map(end).collect()
    }

    fn show(&self, deeds: Vec<Action>) -> Result<()> {
        if !self.json {
            if deeds.is_empty() {
                return ui::show("nothing to clean up\n");
            }
            let line = |deed: &Action| format!("{}: {}\n", deed.session, plain(&deed.text()));
            return ui::show(&deeds.iter().map(line).collect::<String>());
        }
        let action = |deed: Action| Entry {
            session: deed.session.to_string(),
            action: deed.what,
            reason: deed.reason,
            done: deed.done,
        };
        let actions = deeds.into_iter().map(action).collect();
        ui::json(&Report { version: 1, dry_run: self.dry_run, actions })
    }
}
