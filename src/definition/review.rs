//! What `allow` shows before it allows anything: every entry of a project's file, whole and as it stands, what it takes
//! the place of, and its risks. No secret is left out of an entry: nobody can allow what they have not seen.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Map, Value};

use super::catalogue::Catalogue;
use super::document::{Document, Origin};
use super::entry::{Definition, ServerKind};
use super::parse::{self, EntryContent, ServerEntry};
use super::risks;
use crate::server::secret_words;

/// A project's file as it is shown before it is allowed.
#[derive(Debug)]
pub struct Review {
    pub file: PathBuf,
    /// Where it really is, if it is a link.
    pub target: Option<PathBuf>,
    /// Its entries, in their order.
    pub entries: Vec<ReviewedEntry>,
    /// Why it cannot be told what they take the place of, if that is so.
    pub unknown: Option<String>,
}

#[derive(Debug)]
pub struct ReviewedEntry {
    /// Its name, as it stands.
    pub name: String,
    pub role: EntryRole,
    pub rows: Vec<ReviewRow>,
    /// The user's own server of this name, in whose place it would stand.
    pub replaces: Option<ReplacedServer>,
    /// What one should have seen before one allows it.
    pub risks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryRole {
    Server,
    /// It runs elsewhere.
    Remote,
    /// A client's way to a server of ours: it defines nothing.
    Client,
    /// It is wrong and does not count: what is wrong.
    Broken(String),
}

/// A key of an entry and what stands there.
#[derive(Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The key, from the entry on: `hook.port`.
    pub key: String,
    pub value: RowValue,
}

/// A value as it is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub enum RowValue {
    Words(Vec<String>),
    Text(String),
}

/// A server of the user that another one would stand in place of.
#[derive(Debug)]
pub struct ReplacedServer {
    pub file: PathBuf,
    /// What is started now, without secrets; empty if it runs elsewhere or is wrong.
    pub command: Vec<String>,
}

/// Everything that `document` says, beside what the user's own file says.
pub fn review(document: &Document, own: &Catalogue) -> Result<Review> {
    let entries = parse::entries(&document.file, &document.text)?;
    let raw = parse::servers(&document.file, &document.text)?;
    let user = own.sources().iter().find(|source| source.origin == Origin::User);
    let own: HashMap<&str, &ServerEntry> = user
        .iter()
        .flat_map(|source| source.entries.iter().flatten())
        .map(|entry| (entry.name.as_str(), entry))
        .collect();
    let unknown = user.and_then(|source| source.entries.as_ref().err()).map(|error| format!("{error:#}"));
    let mut reviewed_entries = Vec::new();
    for entry in entries {
        let replaces = own.get(entry.name.as_str()).and_then(|own| replaced(own, &user?.file));
        reviewed_entries.push(reviewed(entry, &raw, replaces));
    }
    let target = if document.file.is_symlink() { document.file.canonicalize().ok() } else { None };
    Ok(Review { file: document.file.clone(), target, entries: reviewed_entries, unknown })
}

fn reviewed(entry: ServerEntry, raw: &Map<String, Value>, replaces: Option<ReplacedServer>) -> ReviewedEntry {
    let rows = raw.get(&entry.name).map(rows).unwrap_or_default();
    let (role, risks) = match &entry.content {
        Ok(EntryContent::Server(server)) => (role(server), risks::of(server)),
        Ok(EntryContent::Client) => (EntryRole::Client, Vec::new()),
        Err(error) => (EntryRole::Broken(format!("{error:#}")), Vec::new()),
    };
    let is_server = matches!(role, EntryRole::Server | EntryRole::Remote);
    let replaces = if is_server { replaces } else { None };
    ReviewedEntry { name: entry.name, role, rows, replaces, risks }
}

fn role(server: &Definition) -> EntryRole {
    match server.kind {
        ServerKind::Program { .. } => EntryRole::Server,
        ServerKind::Remote => EntryRole::Remote,
    }
}

fn replaced(own: &ServerEntry, file: &Path) -> Option<ReplacedServer> {
    let command = match &own.content {
        Ok(EntryContent::Server(server)) => secret_words::shown(&server.command_line()),
        // It never was a server.
        Ok(EntryContent::Client) => return None,
        Err(_) => Vec::new(),
    };
    Some(ReplacedServer { file: file.to_owned(), command })
}

/// Every key, the command in front; what has the wrong type is shown as it stands.
fn rows(entry: &Value) -> Vec<ReviewRow> {
    let Some(fields) = entry.as_object() else { return vec![row("entry", RowValue::Text(entry.to_string()))] };
    let words = words(fields);
    let has_words = words.is_some();
    let mut rows: Vec<ReviewRow> = words.map(|words| row("command", RowValue::Words(words))).into_iter().collect();
    for (key, value) in fields {
        if !(has_words && matches!(key.as_str(), "command" | "args")) {
            rows.extend(of_key(key, value));
        }
    }
    rows
}

/// The command with its arguments, if both are what they should be.
fn words(fields: &Map<String, Value>) -> Option<Vec<String>> {
    let command = fields.get("command")?.as_str()?.to_owned();
    let args = match fields.get("args") {
        Some(args) => args.as_array()?.iter().map(|arg| arg.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?,
        None => Vec::new(),
    };
    Some([command].into_iter().chain(args).collect())
}

fn of_key(key: &str, value: &Value) -> Vec<ReviewRow> {
    match (key, value) {
        ("env", Value::Object(fields)) => pairs(key, fields, "="),
        ("headers", Value::Object(fields)) => pairs(key, fields, ": "),
        ("hook", Value::Object(fields)) => {
            fields.iter().map(|(name, value)| row(&format!("hook.{name}"), RowValue::Text(text(value)))).collect()
        }
        _ => vec![row(key, RowValue::Text(text(value)))],
    }
}

fn pairs(key: &str, fields: &Map<String, Value>, between: &str) -> Vec<ReviewRow> {
    fields.iter().map(|(name, value)| row(key, RowValue::Text([name, between, &text(value)].concat()))).collect()
}

/// A string as it is, everything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn row(key: &str, value: RowValue) -> ReviewRow {
    ReviewRow { key: key.to_owned(), value }
}
