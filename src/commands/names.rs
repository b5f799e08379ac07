//! `names`: what completion scripts offer, one name a line. Never an error: a shell is waiting for a TAB.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::{Names, NamesOf};
use crate::definition::catalogue::{Catalogue, DefinitionState};
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::session::record::session_ids;
use crate::session::{find, live, servers};
use crate::ui;

impl Run for Names {
    fn run(self) -> Result<ExitCode> {
        let names = match self.of {
            NamesOf::Sessions => Root::open().map(|root| sessions(&root)),
            NamesOf::Servers => Root::open().map(|root| servers(&root)),
            NamesOf::Definitions => Ok(definitions()),
        };
        let lines = names.unwrap_or_default().into_iter().fold(String::new(), |lines, name| lines + &name + "\n");
        ui::print(&lines)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn sessions(root: &Root) -> Vec<String> {
    let lives = |root: &Root, id: &SessionId| live::find(root, id).is_some();
    let others = root.others();
    let roots = [root].into_iter().chain(&others);
    roots.flat_map(|root| session_ids(root).into_iter().filter(|id| lives(root, id))).map(String::from).collect()
}

fn servers(root: &Root) -> Vec<String> {
    let session = find::current(root).ok().flatten();
    let servers = session.map(|(root, session)| servers::read(&root.session(&session.record.id)));
    servers.unwrap_or_default().into_iter().map(|(name, _)| String::from(name)).collect()
}

fn definitions() -> Vec<String> {
    find::adopt_current();
    let catalogue = Catalogue::read();
    let counts = |state: &DefinitionState| matches!(state, DefinitionState::Usable | DefinitionState::Remote);
    catalogue.all().into_iter().filter(|listed| counts(&listed.state)).map(|listed| listed.name.to_owned()).collect()
}
