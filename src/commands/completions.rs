//! `completions`: the completion script.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::Completions;
use crate::ui;

impl Run for Completions {
    fn run(self) -> Result<ExitCode> {
        ui::print(self.shell.completions)?;
        Ok(ExitCode::SUCCESS)
    }
}
