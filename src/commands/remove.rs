//! `remove`: a server out of the user's file.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::Remove;
use crate::definition::{document, store};
use crate::failure::hinted;
use crate::session::find;
use crate::ui;

impl Run for Remove {
    fn run(self) -> Result<ExitCode> {
        find::adopt_current();
        let file = document::user_file()?;
        if !store::remove(&self.name)? {
            let message = format!("could not remove {:?}: {} does not define it", self.name, file.display());
            return Err(hinted(message, "mcp-hook list shows what is defined, and where"));
        }
        ui::say(&format!("removed {} from {}", self.name, file.display()));
        Ok(ExitCode::SUCCESS)
    }
}
