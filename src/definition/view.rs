//! What `list` shows of definitions.

use std::path::PathBuf;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::allowed::Permission;
use super::catalogue::{Catalogue, CatalogueEntry, DefinitionState, Source};
use super::document::Origin;
use super::entry::Definition;
use super::parse::EntryContent;
use crate::server::secret_words;
use crate::server::settings::{LauncherPolicy, PortChoice};

#[derive(Clone, Debug, Serialize)]
pub struct FileView {
    pub file: PathBuf,
    pub origin: Origin,
    pub permission: Permission,
    /// Why nothing in it can be read, if that is so.
    pub error: Option<String>,
    /// What is odd about it as a whole.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// What it defines, in its order.
    pub servers: Vec<DefinitionView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DefinitionView {
    /// Its name, as it stands.
    pub name: String,
    #[serde(flatten, serialize_with = "state_and_reason")]
    pub state: DefinitionState,
    /// The command and its arguments as they stand, but for secrets.
    pub command: Option<Vec<String>>,
    /// Where clients reach it, as it stands: programs connect to it.
    pub url: Option<String>,
    pub port: Option<PortChoice>,
    pub autostart: bool,
    #[serde(skip)]
    pub launcher: LauncherPolicy,
}

/// What `list --json` prints.
#[derive(Debug, Serialize)]
pub struct ListReport {
    version: u32,
    files: Vec<FileView>,
}

pub fn report(files: Vec<FileView>) -> ListReport {
    ListReport { version: 1, files }
}

/// The state in a word, and what is wrong if something is.
fn state_and_reason<S: Serializer>(state: &DefinitionState, serializer: S) -> Result<S::Ok, S::Error> {
    let reason = match state {
        DefinitionState::Broken(reason) => Some(reason),
        _ => None,
    };
    let mut both = serializer.serialize_struct("DefinitionState", 2)?;
    both.serialize_field("state", &state.to_string())?;
    both.serialize_field("reason", &reason)?;
    both.end()
}

impl Catalogue {
    /// Each file and its definitions.
    pub fn view(&self) -> Vec<FileView> {
        let mut files: Vec<FileView> = self.sources().iter().map(file).collect();
        for listed in self.all() {
            if let Some(file) = files.iter_mut().find(|file| file.file == listed.source.file) {
                file.servers.push(definition(listed));
            }
        }
        files
    }
}

fn file(source: &Source) -> FileView {
    FileView {
        file: source.file.clone(),
        origin: source.origin,
        permission: source.permission,
        error: source.entries.as_ref().err().map(|error| source.shorten(error)),
        notes: source.notes.clone(),
        servers: Vec::new(),
    }
}

fn definition(listed: CatalogueEntry) -> DefinitionView {
    let server: Option<&Definition> = match listed.content {
        Ok(EntryContent::Server(definition)) => Some(definition),
        Ok(EntryContent::Client) | Err(_) => None,
    };
    let settings = server.map(|server| &server.hook.settings);
    DefinitionView {
        name: listed.name.to_owned(),
        state: listed.state,
        command: server.map(|it| secret_words::shown(&it.command_line())).filter(|words| !words.is_empty()),
        url: server.and_then(|server| server.url.clone()),
        port: settings.and_then(|settings| settings.port.as_ref()).map(|wish| wish.number),
        autostart: server.is_some_and(|server| server.hook.autostart),
        launcher: settings.map(|settings| settings.launcher).unwrap_or_default(),
    }
}
