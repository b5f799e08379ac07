//! `check`: everything that would keep servers from being started.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::check;
use crate::cli::Check;
use crate::definition::check::report;
use crate::ui;

impl Run for Check {
    fn run(self) -> Result<ExitCode> {
        let servers = check::check(&self.names)?;
        let is_wrong = servers.iter().any(|server| !server.problems.is_empty());
        if self.json {
            ui::json(&report(servers))?;
        } else {
            ui::show(&ui::checked::servers(&servers))?;
        }
        Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
