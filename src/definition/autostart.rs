//! `"autostart": true`: what every new shell starts.

use anyhow::Result;

use super::allowed::{self, Permission};
use super::catalogue::{Catalogue, DefinitionState};
use super::document::{self, FoundDocument};
use super::entry::Definition;
use super::parse::EntryContent;
use crate::context;

/// The servers that a new session starts by itself. Costs two failed system calls where nothing is defined, and no look
/// at the directories above where nothing was ever allowed.
pub fn autostarted() -> Vec<Definition> {
    let directory = allowed::is_any().then(context::working_directory).and_then(Result::ok);
    let project = directory.and_then(|directory| document::project(&directory));
    // Every new shell waits for this: what does not count is not understood, nor what does not even name the key.
    let project = project.filter(|found| Permission::of_project(found) == Permission::Allowed);
    let user = document::user();
    let names_it =
        |found: &FoundDocument| found.document.as_ref().is_ok_and(|document| document.text.contains("autostart"));
    if !project.iter().chain(&user).any(names_it) {
        return Vec::new();
    }
    let catalogue = Catalogue::of_allowed(project, user);
    let usable = catalogue.all().into_iter().filter(|listed| listed.state == DefinitionState::Usable);
    let server = usable.filter_map(|listed| match listed.content {
        Ok(EntryContent::Server(definition)) => Some(&**definition),
        _ => None,
    });
    server.filter(|definition| definition.hook.autostart).cloned().collect()
}
