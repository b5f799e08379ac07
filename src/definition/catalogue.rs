//! All definitions that count in a directory: the project's before the user's.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::allowed::{self, Permission};
use super::document::{self, FoundDocument, Origin};
use super::entry::{Definition, ServerKind};
use super::parse::{self, EntryContent, ServerEntry};
use crate::context;
use crate::disk::names::ServerName;
use crate::failure::{hint_of, hinted};
use crate::mcp::check::finding::Code;

/// The definitions that there are, those that may not be used included.
#[derive(Debug)]
pub struct Catalogue {
    sources: Vec<Source>,
}

#[derive(Debug)]
pub struct Source {
    pub origin: Origin,
    pub file: PathBuf,
    pub permission: Permission,
    pub entries: Result<Vec<ServerEntry>>,
    /// What is odd about the file as a whole.
    pub notes: Vec<String>,
}

impl Catalogue {
    /// Reads the project's file above the working directory and the user's file. What cannot be read is an error only
    /// for those who ask for something that it may have held.
    pub fn read() -> Self {
        // In a directory that was removed there is no project.
        let directory = context::working_directory().ok();
        let project = directory.and_then(|directory| document::project(&directory));
        Self::of(project, document::user())
    }

    /// Only what the user's own file defines.
    pub fn of_user() -> Self {
        Self::of(None, document::user())
    }

    /// Only what one file defines: the one from which a server was started.
    pub fn at(file: &Path) -> Self {
        let is_of_project = document::is_of_project(file);
        let document = if is_of_project { document::at(file) } else { document::of_user(file) };
        let found = FoundDocument { file: file.to_owned(), document };
        if is_of_project { Self::of(Some(found), None) } else { Self::of(None, Some(found)) }
    }

    fn of(project: Option<FoundDocument>, user: Option<FoundDocument>) -> Self {
        let project = project.map(|found| (Permission::of_project(&found), found));
        Self::of_permitted(project, user)
    }

    /// The same for a project's file whose permission is known.
    pub fn of_permitted(project: Option<(Permission, FoundDocument)>, user: Option<FoundDocument>) -> Self {
        let project = project.map(|(permission, found)| Source::of(Origin::Project, permission, found));
        let user = user.map(|found| Source::of(Origin::User, Permission::Allowed, found));
        Self { sources: project.into_iter().chain(user).collect() }
    }

    /// What would be started as `name`; `None` if no file defines it. An error if it is defined wrongly, in a file that
    /// cannot be read, or in one that has not been allowed.
    pub fn find(&self, name: &ServerName) -> Result<Option<Definition>> {
        for source in self.sources.iter().filter(|source| source.permission == Permission::Allowed) {
            match source.find(name)? {
                Some(EntryContent::Server(definition)) => return Ok(Some(*definition)),
                Some(EntryContent::Client) | None => {}
            }
        }
        match self.sources.iter().find(|source| source.permission != Permission::Allowed) {
            Some(source) => source.refuse(name).map(|()| None),
            None => Ok(None),
        }
    }

    /// The files, the one that comes first in front.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every definition, file by file, and what becomes of it.
    pub fn all(&self) -> Vec<CatalogueEntry<'_>> {
        let mut taken: HashSet<&str> = HashSet::new();
        let mut all = Vec::new();
        for source in &self.sources {
            let mut found: Vec<&str> = Vec::new();
            for entry in source.entries.iter().flatten() {
                let state = source.state(entry, taken.contains(entry.name.as_str()));
                if source.permission == Permission::Allowed && state != DefinitionState::Client {
                    found.push(&entry.name);
                }
                all.push(CatalogueEntry { name: &entry.name, source, content: &entry.content, state });
            }
            taken.extend(found);
        }
        all
    }
}

/// A definition, and what becomes of it.
#[derive(Debug)]
pub struct CatalogueEntry<'catalogue> {
    /// Its name, as it stands.
    pub name: &'catalogue str,
    pub source: &'catalogue Source,
    /// What stands there, or what is wrong with it.
    pub content: &'catalogue Result<EntryContent>,
    pub state: DefinitionState,
}

/// What becomes of a definition. As text: whether it may be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionState {
    Usable,
    /// There is nothing to start: it runs elsewhere.
    Remote,
    /// It is a client's way to a server of ours.
    Client,
    /// Another file defines the name and comes first.
    Shadowed,
    /// Its file has not been allowed, or has changed since.
    Refused(Permission),
    /// It is wrong: what is, and where in the file.
    Broken(String),
}

impl fmt::Display for DefinitionState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usable => formatter.write_str("yes"),
            Self::Remote => formatter.write_str("remote"),
            Self::Client => formatter.write_str("client"),
            Self::Shadowed => formatter.write_str("shadowed"),
            Self::Refused(permission) => permission.fmt(formatter),
            Self::Broken(_) => formatter.write_str("broken"),
        }
    }
}

impl Permission {
    /// Whether a project's file counts; one that cannot be read does not.
    pub fn of_project(found: &FoundDocument) -> Self {
        found.document.as_ref().map_or(Self::Missing, allowed::of)
    }
}

impl Source {
    fn of(origin: Origin, permission: Permission, found: FoundDocument) -> Self {
        let (entries, notes) = match found.document {
            Ok(document) => (parse::entries(&document.file, &document.text), parse::notes(&document.text)),
            Err(error) => (Err(error), Vec::new()),
        };
        Self { origin, file: found.file, permission, entries, notes }
    }

    /// The entry `name`, with its error or that of the whole file.
    fn find(&self, name: &ServerName) -> Result<Option<EntryContent>> {
        match self.content(name)? {
            Some(Ok(content)) => Ok(Some(content.clone())),
            Some(Err(error)) => Err(repeat(error, "correct it; the other servers there count all the same")),
            None => Ok(None),
        }
    }

    /// What the entry `name` holds, or what is wrong with it; an error if the whole file is wrong.
    fn content(&self, name: &ServerName) -> Result<Option<&Result<EntryContent>>> {
        let entries = self.entries.as_ref().map_err(|error| repeat(error, CORRECT_FILE))?;
        Ok(entries.iter().find(|entry| entry.name == name.as_str()).map(|entry| &entry.content))
    }

    fn state(&self, entry: &ServerEntry, is_taken: bool) -> DefinitionState {
        match &entry.content {
            Ok(EntryContent::Client) => DefinitionState::Client,
            _ if self.permission != Permission::Allowed => DefinitionState::Refused(self.permission),
            _ if is_taken => DefinitionState::Shadowed,
            Err(error) => DefinitionState::Broken(self.shorten(error)),
            Ok(EntryContent::Server(definition)) if matches!(definition.kind, ServerKind::Remote) => {
                DefinitionState::Remote
            }
            Ok(EntryContent::Server(_)) => DefinitionState::Usable,
        }
    }

    /// An error without the name of the file, for those who know it.
    pub fn shorten(&self, error: &anyhow::Error) -> String {
        let text = format!("{error:#}");
        let known = format!("could not read {}: ", self.file.display());
        text.strip_prefix(&known).unwrap_or(&text).to_owned()
    }

    /// That a file that may not be used defines `name`, if it does.
    fn refuse(&self, name: &ServerName) -> Result<()> {
        if let Some(Ok(EntryContent::Client)) | None = self.content(name)? {
            return Ok(());
        }
        let file = self.file.display();
        let why = match self.permission {
            Permission::Changed => "it has changed since it was allowed",
            Permission::Missing | Permission::Allowed => "it has not been allowed",
        };
        let message = format!("could not use {name} as {file} defines it: {why}");
        Err(hinted(Code::NotAllowed.behind(message), "look at the file, then: mcp-hook allow"))
    }
}

/// What helps where a whole file cannot be used.
pub const CORRECT_FILE: &str = "correct the file; until then none of it counts";

/// The same error once more, by its code: what was read once is asked for several times. `hint` is for one that has none.
fn repeat(error: &anyhow::Error, hint: &str) -> anyhow::Error {
    hinted(Code::InvalidDefinition.behind(format!("{error:#}")), hint_of(error).unwrap_or(hint))
}
