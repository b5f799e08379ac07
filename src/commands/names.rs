//! `names`: what completion scripts offer, one name a line. Never an error: a shell is waiting for a TAB.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::{Names, NamesOf};
use crate::disk::layout::Root;
use crate::session::{find, open, sweep};
use crate::ui;

impl Run for Names {
    fn run(self) -> Result<ExitCode> {
        let Ok(root) = Root::open() else { return Ok(ExitCode::SUCCESS) };
        let names: Vec<String> = match self.of {
            NamesOf::Sessions => {
                find::all(&root).into_iter().filter(|id| open::live(&root, id).is_some()).map(String::from).collect()
            }
            NamesOf::Servers => {
                let session = find::current(&root).ok().flatten();
                let servers = session.map(|session| sweep::servers(&root.session(&session.record.id)));
                servers.unwrap_or_default().into_iter().map(|(name, _)| String::from(name)).collect()
            }
        };
        let lines = names.into_iter().fold(String::new(), |lines, name| lines + &name + "\n");
        ui::print(&lines)?;
        Ok(ExitCode::SUCCESS)
    }
}
