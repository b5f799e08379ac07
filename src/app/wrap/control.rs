//! Which files get the entry by which a client starts `mcp-hook mcp`.

use super::plan::NoControl;
use crate::client::control;
use crate::client::entry::ServerEntry;
use crate::client::file::{ClientFile, FileContent};
use crate::client::place::Places;
use crate::client::scope::Scope;
use crate::client::table::Client;
use crate::syntax::Syntax;
use crate::syntax::edit::Edit;

/// Which files get an entry of `mcp-hook mcp`: of each client the first that is the user's own, unless one has it.
pub fn takers(files: &[ClientFile]) -> Vec<usize> {
    let mut takers: Vec<usize> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let is_own = file.spec.parts.contains(&Scope::User) && file.client.syntax != Syntax::Yaml;
        let is_first = takers.iter().all(|&taker| files[taker].client != file.client);
        if is_own && is_first && !has_control(files, file.client) {
            takers.push(index);
        }
    }
    takers
}

fn has_control(files: &[ClientFile], client: &Client) -> bool {
    let of_it = files.iter().filter(|file| file.client == client);
    of_it.filter_map(|file| file.content.as_ref().ok()).flat_map(|it| &it.entries).any(ServerEntry::is_control)
}

pub fn without(files: &[ClientFile], takers: &[usize], places: &Places) -> Vec<(&'static Client, NoControl)> {
    let mut without: Vec<(&'static Client, NoControl)> = Vec::new();
    for client in files.iter().map(|file| file.client) {
        let is_known = without.iter().any(|(known, _)| *known == client);
        if is_known || takers.iter().any(|&taker| files[taker].client == client) || has_control(files, client) {
            continue;
        }
        let why = match client.files.first() {
            Some(first) if client.syntax != Syntax::Yaml => NoControl::NoFile(places.of(first).swap_remove(0)),
            _ => NoControl::NotWritten,
        };
        without.push((client, why));
    }
    without
}

/// Adds it to a file.
pub fn add(file: &ClientFile, content: &FileContent, hook: &str) -> Result<Edit, String> {
    let is_taken = |entry: &ServerEntry| entry.name == control::NAME && entry.scope == Scope::User;
    if content.entries.iter().any(is_taken) {
        return Err("mcp-hook mcp is not added: another entry has this name".to_owned());
    }
    let edit = control::add(file.client, (&content.text, &content.root), hook);
    edit.map_err(|error| format!("mcp-hook mcp is not added: {error}"))
}
