//! Names that completion scripts offer. What cannot be read has none: a shell is waiting for a TAB.

use crate::definition::catalogue::{Catalogue, DefinitionState};
use crate::disk::layout::Root;
use crate::session::record::session_ids;
use crate::session::{find, live, servers};

/// Sessions whose owners live.
pub fn sessions() -> Vec<String> {
    let Ok(root) = Root::open() else { return Vec::new() };
    let mut names = Vec::new();
    for root in [&root].into_iter().chain(&root.others()) {
        names.extend(session_ids(root).into_iter().filter(|id| live::find(root, id).is_some()).map(String::from));
    }
    names
}

/// The servers of the caller's session.
pub fn servers() -> Vec<String> {
    let found = Root::open().and_then(|root| find::current(&root));
    let Ok(Some((root, session))) = found else { return Vec::new() };
    let servers = servers::read(&root.session(&session.record.id));
    servers.into_iter().map(|(name, _)| String::from(name)).collect()
}

/// The servers that are defined here and may be started, or reached.
pub fn definitions() -> Vec<String> {
    defined(&[DefinitionState::Usable, DefinitionState::Remote])
}

/// The same without those that are only reached.
pub fn startable() -> Vec<String> {
    defined(&[DefinitionState::Usable])
}

fn defined(states: &[DefinitionState]) -> Vec<String> {
    find::adopt_current();
    let catalogue = Catalogue::read();
    let counted = catalogue.all().into_iter().filter(|it| states.contains(&it.state));
    counted.map(|it| it.name.to_owned()).collect()
}
