//! `deny`: what a project's file defines may not be started any more.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::permission;
use crate::cli::Deny;
use crate::ui;

impl Run for Deny {
    fn run(self) -> Result<ExitCode> {
        let denial = permission::deny(self.path.as_deref())?;
        let file = denial.file.display();
        if denial.was_allowed {
            ui::say(&format!("denied {file}"));
        } else {
            ui::say(&format!("{file} was not allowed"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
