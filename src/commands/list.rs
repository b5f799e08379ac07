//! `list`: every definition that counts here, and whether it may be started.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::definitions;
use crate::cli::List;
use crate::definition::view;
use crate::ui;

impl Run for List {
    fn run(self) -> Result<ExitCode> {
        let files = definitions::list();
        if self.json {
            ui::json(&view::report(files))?;
        } else {
            ui::show(&ui::definitions::files(&files))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
