//! `"autostart": true`: what every new shell starts.

use super::allowed::{self, Permission};
use super::catalogue::{Catalogue, DefinitionState};
use super::document::{self, FoundDocument};
use super::entry::Definition;
use super::parse::EntryContent;
use crate::context;

/// The servers that a new session starts by itself. Every new shell waits for this: it costs two failed system calls where
/// nothing is defined, and no look at the directories above where nothing was ever allowed.
pub fn autostarted() -> Vec<Definition> {
    let project = allowed_project();
    let user = document::user();
    // What does not even name the key is not parsed.
    if !project.iter().chain(&user).any(names_autostart) {
        return Vec::new();
    }
    let catalogue = Catalogue::of_permitted(project.map(|found| (Permission::Allowed, found)), user);
    let usable = catalogue.all().into_iter().filter(|listed| listed.state == DefinitionState::Usable);
    let servers = usable.filter_map(|listed| match listed.content {
        Ok(EntryContent::Server(definition)) => Some(&**definition),
        _ => None,
    });
    servers.filter(|definition| definition.hook.autostart).cloned().collect()
}

fn allowed_project() -> Option<FoundDocument> {
    if !allowed::is_any() {
        return None;
    }
    let found = document::project(&context::working_directory().ok()?)?;
    (Permission::of_project(&found) == Permission::Allowed).then_some(found)
}

fn names_autostart(found: &FoundDocument) -> bool {
    found.document.as_ref().is_ok_and(|document| document.text.contains("autostart"))
}
