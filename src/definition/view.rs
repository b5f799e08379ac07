//! What `list` shows of definitions.

use std::path::PathBuf;

use serde::Serialize;

use super::allowed::Permission;
use super::catalogue::{Catalogue, CatalogueEntry, DefinitionState, Source};
use super::document::Origin;
use super::entry::{Definition, ServerKind};
use super::parse::EntryContent;
use crate::server::settings::PortChoice;

/// A file with definitions.
#[derive(Clone, Debug, Serialize)]
pub struct FileView {
    /// Where it is.
    pub file: PathBuf,
    /// `project` or `user`.
    pub origin: &'static str,
    /// `allowed`, `not allowed` or `changed`.
    pub permission: &'static str,
    /// Why nothing in it can be read, if that is so.
    pub error: Option<String>,
    /// What should not be about it as a whole.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// What it defines, in its order.
    pub servers: Vec<DefinitionView>,
}

/// A definition.
#[derive(Clone, Debug, Serialize)]
pub struct DefinitionView {
    /// Its name, as it stands.
    pub name: String,
    /// `yes`, `remote`, `client`, `shadowed`, `not allowed`, `changed` or `broken`.
    pub state: &'static str,
    /// Why it may not be started, if there is more to say.
    pub reason: Option<String>,
    /// The command and its arguments as they stand.
    pub command: Option<Vec<String>>,
    /// Where clients reach it, as it stands.
    pub url: Option<String>,
    /// The port that it is to have.
    pub port: Option<PortChoice>,
    /// Whether every session starts it.
    pub autostart: bool,
}

/// What `list --json` prints.
#[derive(Debug, Serialize)]
pub struct ListReport {
    version: u32,
    files: Vec<FileView>,
}

/// The report on `files`.
pub fn report(files: Vec<FileView>) -> ListReport {
    ListReport { version: 1, files }
}

impl Catalogue {
    /// Each file and its definitions.
    pub fn view(&self) -> Vec<FileView> {
        let mut all = self.all().into_iter().peekable();
        let mut view = |source: &Source| {
            // They come file by file.
            let of_this = std::iter::from_fn(|| all.next_if(|listed| std::ptr::eq(listed.source, source)));
            file(source, of_this.map(definition).collect())
        };
        self.sources().iter().map(&mut view).collect()
    }
}

fn file(source: &Source, servers: Vec<DefinitionView>) -> FileView {
    FileView {
        file: source.file.clone(),
        origin: match source.origin {
            Origin::Project => "project",
            Origin::User => "user",
        },
        permission: permission(source.permission),
        notes: source.notes.clone(),
        error: source.entries.as_ref().err().map(|error| source.shorten(error)),
        servers,
    }
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Allowed => "allowed",
        Permission::Missing => "not allowed",
        Permission::Changed => "changed",
    }
}

fn definition(listed: CatalogueEntry) -> DefinitionView {
    let server: Option<&Definition> = match listed.content {
        Ok(EntryContent::Server(definition)) => Some(definition),
        Ok(EntryContent::Client) | Err(_) => None,
    };
    DefinitionView {
        name: listed.name.to_owned(),
        state: match &listed.state {
            DefinitionState::Usable => "yes",
            DefinitionState::Remote => "remote",
            DefinitionState::Client => "client",
            DefinitionState::Shadowed => "shadowed",
            DefinitionState::Refused(refused) => permission(*refused),
            DefinitionState::Broken(_) => "broken",
        },
        reason: match listed.state {
            DefinitionState::Broken(reason) => Some(reason),
            _ => None,
        },
        command: server.and_then(command),
        url: server.and_then(|server| server.url.clone()),
        port: server.and_then(|server| server.hook.settings.port.as_ref()).map(|wish| wish.number),
        autostart: server.is_some_and(|server| server.hook.autostart),
    }
}

fn command(definition: &Definition) -> Option<Vec<String>> {
    match &definition.kind {
        ServerKind::Program { command, args, .. } => Some([command].into_iter().chain(args).cloned().collect()),
        ServerKind::Remote => None,
    }
}
