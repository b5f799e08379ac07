//! A client's file that is there: its text, and the servers in it.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::control::{self, NoPlace};
use super::entry::{self, ServerEntry};
use super::mask;
use super::place::{FileSpec, Places};
use super::scope::Scope;
use super::table::{CLIENTS, Client};
use crate::definition::document::{self, Document};
use crate::syntax::edit::Edit;
use crate::syntax::node::Node;
use crate::syntax::{self, Syntax};

#[derive(Debug)]
pub struct ClientFile {
    pub client: &'static Client,
    pub spec: &'static FileSpec,
    /// As it is named, perhaps a link.
    pub path: PathBuf,
    /// Where its links lead.
    pub target: PathBuf,
    /// The key of the project that its local part is of.
    project: Option<String>,
    /// What stands in it, or why that cannot be read.
    pub content: Result<FileContent, String>,
}

#[derive(Debug)]
pub struct FileContent {
    pub text: String,
    pub root: Node,
    pub entries: Vec<ServerEntry>,
}

impl FileContent {
    /// The edits that hide what nobody is to see of what is shown.
    pub fn masks(&self, shown: &[Range<usize>]) -> Vec<Edit> {
        mask::masks(&self.text, &self.root, &self.entries, shown)
    }
}

/// The files that are there, of all clients or of these. One that several clients read is the first one's.
pub fn find(clients: &[&'static Client], places: &Places) -> Vec<ClientFile> {
    let mut found: Vec<ClientFile> = Vec::new();
    for client in CLIENTS.iter().filter(|client| clients.is_empty() || clients.contains(client)) {
        for spec in client.files {
            let Some((path, target)) = places.of(spec).into_iter().find_map(existing) else { continue };
            if found.iter().all(|file| file.target != target) {
                let (project, content) = match document::of_client(&path) {
                    Err(_) if fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) => {
                        (None, Err(format!("could not read {}: it is a link that leads nowhere", path.display())))
                    }
                    Ok(document) => read(client, spec, places, document),
                    Err(error) => (None, Err(format!("{error:#}"))),
                };
                found.push(ClientFile { client, spec, path, target, project, content });
            }
        }
    }
    found
}

/// A path at which there is something, and where it leads; to itself, if it leads nowhere.
fn existing(path: PathBuf) -> Option<(PathBuf, PathBuf)> {
    fs::symlink_metadata(&path).ok()?;
    let target = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    Some((path, target))
}

impl ClientFile {
    /// What takes `mcp-hook mcp` away that these entries start, which are of one part of `content`.
    pub fn without_control(&self, content: &FileContent, entries: &[&ServerEntry]) -> Result<Vec<Edit>, NoPlace> {
        let scope = entries.first().map_or(Scope::User, |entry| entry.scope);
        let path = path_of(self.client, scope, self.project.as_deref()).unwrap_or_default();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        control::remove(self.client, (&content.text, &content.root), &path, &names)
    }

    /// What would stand in it with another text.
    pub fn with_text(&self, text: String) -> Result<FileContent, syntax::NotParsed> {
        parse(self.client, self.spec.parts, self.project.as_deref(), text)
    }
}

type ReadContent = (Option<String>, Result<FileContent, String>);

fn read(client: &Client, spec: &FileSpec, places: &Places, document: Document) -> ReadContent {
    match syntax::parse(client.syntax, &document.text) {
        Err(error) => (None, Err(format!("could not read {}: {error}", document.file.display()))),
        Ok(root) => {
            let project = project(spec, places, client, &root);
            let content = content(client, spec.parts, project.as_deref(), (document.text, root));
            (project, Ok(content))
        }
    }
}

/// What stands in a text; `project` is the key of the project that the local part is of.
pub fn parse(
    client: &Client,
    parts: &[Scope],
    project: Option<&str>,
    text: String,
) -> Result<FileContent, syntax::NotParsed> {
    let root = syntax::parse(client.syntax, &text)?;
    Ok(content(client, parts, project, (text, root)))
}

fn content(client: &Client, parts: &[Scope], project: Option<&str>, (text, root): (String, Node)) -> FileContent {
    let mut entries = Vec::new();
    for &scope in parts {
        if let Some(node) = path_of(client, scope, project).and_then(|path| root.at(&path)) {
            entries.extend(entry::entries(client, scope, &text, node));
        }
    }
    FileContent { text, root, entries }
}

/// The keys that lead to the servers of a part of a file; `None` if there is no such part.
pub fn path_of<'a>(client: &Client, scope: Scope, project: Option<&'a str>) -> Option<Vec<&'a str>> {
    let key = client.key.iter().copied();
    match scope {
        Scope::Local => Some(["projects", project?].into_iter().chain(key).collect()),
        Scope::User | Scope::Project => Some(key.collect()),
    }
}

/// The key of the current project in a client's own file: the nearest directory that has one.
fn project(spec: &FileSpec, places: &Places, client: &Client, root: &Node) -> Option<String> {
    if !spec.parts.contains(&Scope::Local) || client.syntax == Syntax::Yaml {
        return None;
    }
    let is_known = |directory: &&str| root.at(&["projects", directory]).and_then(Node::fields).is_some();
    let here = places.working_directory.as_deref()?;
    here.ancestors().filter_map(Path::to_str).find(is_known).map(str::to_owned)
}

/// A file of a client with this text, which is read as in the project `/p`.
#[cfg(test)]
pub fn sample(id: &str, path: &str, text: &str) -> ClientFile {
    let client = super::table::named(id).expect("a client");
    let spec = &client.files[0];
    let project = Some("/p".to_owned());
    let content = parse(client, spec.parts, project.as_deref(), text.to_owned());
    let content = content.map_err(|error| format!("could not read {path}: {error}"));
    ClientFile { client, spec, path: path.into(), target: path.into(), project, content }
}
