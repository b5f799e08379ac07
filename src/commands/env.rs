//! `env`: where this session's servers are, for the shell.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::env;
use crate::cli::Env;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::session::record::SessionRecord;
use crate::ui;

impl Run for Env {
    fn run(self) -> Result<ExitCode> {
        let variables = env::variables(&Root::open()?, self.session.session.as_ref())?;
        for (name, first) in &variables.left_out {
            ui::warn(&format!("no variables for {name}: they would have the same names as those of {first}"));
        }
        for stale in &variables.stale {
            ui::warn(&stale.to_string());
        }
        if !variables.unset.is_empty() {
            ui::print(&format!("{}\n", self.shell.unset(&variables.unset)))?;
        }
        if !variables.set.is_empty() {
            ui::print(&format!("{}\n", self.shell.export(&variables.set)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says which of the caller's variables are not true of one server.
pub fn warn_of_stale(root: &Root, session: &SessionRecord, name: &ServerName) {
    for stale in env::stale_of(root, session, name) {
        ui::warn(&stale.with_remedy(&session.shell));
    }
}
