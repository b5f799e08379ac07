//! `names`: what completion scripts offer, one name a line. Never an error.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::names;
use crate::cli::{Names, NamesOf};
use crate::ui;

impl Run for Names {
    fn run(self) -> Result<ExitCode> {
        let names = match self.of {
            NamesOf::Sessions => names::sessions(),
            NamesOf::Servers => names::servers(),
            NamesOf::Definitions => names::definitions(),
        };
        ui::print(&names.into_iter().fold(String::new(), |lines, name| lines + &name + "\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}
