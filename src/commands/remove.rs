//! `remove`: a server out of the user's file.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::definitions;
use crate::cli::Remove;
use crate::failure::hinted;
use crate::ui;

impl Run for Remove {
    fn run(self) -> Result<ExitCode> {
        let removal = definitions::remove(&self.name)?;
        let file = removal.file.display();
        if !removal.was_defined {
            let message = format!("could not remove {:?}: {file} does not define it", self.name);
            return Err(hinted(message, "mcp-hook list shows what is defined, and where"));
        }
        ui::say(&format!("removed {} from {file}", self.name));
        Ok(ExitCode::SUCCESS)
    }
}
