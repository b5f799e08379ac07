//! What `allow` shows before it allows anything: every entry of a project's file, whole and as it stands, what it takes
//! the place of, and what would surprise whoever has only looked at its name.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Map, Value};

use super::catalogue::Catalogue;
use super::document::{Document, Origin};
use super::entry::{Definition, ServerKind};
use super::parse::{self, EntryContent, ServerEntry};
use super::risks;

/// A project's file as it is shown to whoever is to allow it.
#[derive(Debug)]
pub struct Review {
    /// Where it is.
    pub file: PathBuf,
    /// Where it really is, if it is a link.
    pub target: Option<PathBuf>,
    /// Its entries, in their order.
    pub entries: Vec<ReviewedEntry>,
    /// Why nobody knows what they take the place of, if that is so.
    pub unknown: Option<String>,
}

/// An entry.
#[derive(Debug)]
pub struct ReviewedEntry {
    /// Its name, as it stands.
    pub name: String,
    /// What it is to be.
    pub role: EntryRole,
    /// All that stands in it.
    pub rows: Vec<ReviewRow>,
    /// The user's own server of this name, in whose place it would stand.
    pub replaces: Option<ReplacedServer>,
    /// What one should have seen before one allows it.
    pub risks: Vec<String>,
}

/// What an entry is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryRole {
    /// It may be started.
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
    /// The key, from the entry on.
    pub key: String,
    /// The value.
    pub value: RowValue,
}

/// A value as it is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub enum RowValue {
    /// Words of a command line.
    Words(Vec<String>),
    /// Text that speaks for itself.
    Text(String),
}

/// A server of the user that another one would stand in place of.
#[derive(Debug)]
pub struct ReplacedServer {
    /// The user's file.
    pub file: PathBuf,
    /// What is started now; empty if it runs elsewhere or is wrong.
    pub command: Vec<String>,
}

/// Everything that `document` says, beside what the user's own file says.
///
/// # Errors
/// When the whole document cannot be used.
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
    let entry = |entry: ServerEntry| {
        let replaces = own.get(entry.name.as_str()).and_then(|own| replaced(own, &user?.file));
        reviewed(entry, &raw, replaces)
    };
    let real = document.file.canonicalize().ok();
    let target = real.filter(|_| document.file.is_symlink());
    Ok(Review { file: document.file.clone(), target, entries: entries.into_iter().map(entry).collect(), unknown })
}

fn reviewed(entry: ServerEntry, raw: &Map<String, Value>, replaces: Option<ReplacedServer>) -> ReviewedEntry {
    let rows = raw.get(&entry.name).map(rows).unwrap_or_default();
    let (role, risks) = match &entry.content {
        Ok(EntryContent::Server(server)) => (role(server), risks::of(server)),
        Ok(EntryContent::Client) => (EntryRole::Client, Vec::new()),
        Err(error) => (EntryRole::Broken(format!("{error:#}")), Vec::new()),
    };
    let replaces = replaces.filter(|_| matches!(role, EntryRole::Server | EntryRole::Remote));
    ReviewedEntry { name: entry.name, role, rows, replaces, risks }
}

fn role(server: &Definition) -> EntryRole {
    match server.kind {
        ServerKind::Program { .. } => EntryRole::Server,
        ServerKind::Remote => EntryRole::Remote,
    }
}

fn replaced(own: &ServerEntry, file: &std::path::Path) -> Option<ReplacedServer> {
    let command = match &own.content {
        Ok(EntryContent::Server(server)) => match &server.kind {
            ServerKind::Program { command, args, .. } => [command].into_iter().chain(args).cloned().collect(),
            ServerKind::Remote => Vec::new(),
        },
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
    let is_told = |key: &str| words.is_some() && matches!(key, "command" | "args");
    let command = words.clone().map(|words| row("command", RowValue::Words(words)));
    let rest = fields.iter().filter(|(key, _)| !is_told(key)).flat_map(|(key, value)| of_key(key, value));
    command.into_iter().chain(rest).collect()
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
    let pair = |(name, value): (&String, &Value)| row(key, RowValue::Text([name, between, &text(value)].concat()));
    fields.iter().map(pair).collect()
}

/// A string as it is, everything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn row(key: &str, value: RowValue) -> ReviewRow {
    ReviewRow { key: key.to_owned(), value }
}
