//! `cleanup`: what outlived its session.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::app::cleanup::{self, Extent};
use crate::cli::Cleanup;
use crate::disk::layout::Root;
use crate::session::sweep::action::Action;
use crate::text::plain;
use crate::ui;

/// What `cleanup --json` prints.
#[derive(Serialize)]
struct CleanupJson {
    version: u32,
    dry_run: bool,
    actions: Vec<ActionJson>,
}

#[derive(Serialize)]
struct ActionJson {
    session: String,
    action: String,
    reason: String,
    done: bool,
}

impl Run for Cleanup {
    fn run(self) -> Result<ExitCode> {
        let extent = if self.dry_run { Extent::DryRun } else { Extent::Everything };
        let cleanup = cleanup::clean_up(&Root::open()?, extent);
        let failed = !self.dry_run && cleanup.actions.iter().any(|action| !action.done);
        self.show(cleanup.actions)?;
        for error in &cleanup.unreadable {
            ui::warn(&format!("left alone: {error}"));
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Cleanup {
    fn show(&self, actions: Vec<Action>) -> Result<()> {
        if self.json {
            let actions = actions.into_iter().map(ActionJson::from).collect();
            return ui::json(&CleanupJson { version: 1, dry_run: self.dry_run, actions });
        }
        if actions.is_empty() {
            return ui::show("nothing to clean up\n");
        }
        ui::show(&actions.iter().map(line).collect::<String>())
    }
}

fn line(action: &Action) -> String {
    format!("{}: {}\n", action.session, plain(&action.text()))
}

impl From<Action> for ActionJson {
    fn from(action: Action) -> Self {
        Self { session: action.session.to_string(), action: action.what, reason: action.reason, done: action.done }
    }
}
