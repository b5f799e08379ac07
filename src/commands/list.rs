//! `list`: every definition that counts here, and whether it may be started.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::List;
use crate::definition::catalogue::Catalogue;
use crate::definition::view;
use crate::session::find;
use crate::ui;

impl Run for List {
    fn run(self) -> Result<ExitCode> {
        find::adopt_current();
        let catalogue = Catalogue::read();
        let files = catalogue.view();
        if self.json {
            ui::json(&view::report(files))?;
        } else {
            ui::show(&ui::definitions::files(&files))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
