//! From the text of a file to typed definitions. An entry that is wrong does not hide the others.

use std::collections::HashMap;
use std::collections::hash_map;
use std::fmt;
use std::path::Path;

use anyhow::{Error, Result, anyhow};
use serde_json::{Map, Value};

use super::client_entry::WayToHook;
use super::entry::{Definition, ServerKind};
use super::reader::{ReadResult, Reader, join};
use super::settings;
use crate::disk::names::ServerName;
use crate::syntax::json;
use crate::syntax::json_tree::{self, TrailingCommas};
use crate::text::excerpt::excerpt;

/// The key of the servers in a file.
pub const SERVERS: &str = "mcpServers";
/// A file with more servers is refused.
const MOST: usize = 1000;

/// What stands under `mcpServers`: a name and what it means.
#[derive(Debug)]
pub struct ServerEntry {
    pub name: String,
    /// What stands there, or what is wrong with it.
    pub content: Result<EntryContent>,
}

#[derive(Clone, Debug)]
pub enum EntryContent {
    Server(Box<Definition>),
    /// How a client reaches a server that mcp-hook starts: `mcp-hook run NAME`, or a url with a port that mcp-hook gave.
    /// It defines nothing.
    Client,
}

/// The entries of a file, in their order.
pub fn entries(file: &Path, text: &str) -> Result<Vec<ServerEntry>> {
    let servers = servers(file, text)?;
    let text = text.trim_start_matches(json::MARK);
    let names = if servers.is_empty() { Vec::new() } else { names(text)? };
    let mut entries = Vec::new();
    for (name, count) in names {
        let reader = Reader::new(join(SERVERS, &name), &servers[&name]);
        let content =
            if count == 1 { content(file, &name, &reader) } else { Err(reader.wrong("stands there more than once")) };
        entries.push(ServerEntry { name, content: content.map_err(|error| unreadable(file, &error)) });
    }
    Ok(entries)
}

/// The entries of a file as they stand.
pub fn servers(file: &Path, text: &str) -> Result<Map<String, Value>> {
    if text.trim_start_matches(json::MARK).trim().is_empty() {
        return Ok(Map::new());
    }
    let mut document = json::read(text).map_err(|error| unreadable(file, &error))?;
    let root = Reader::new(String::new(), &document);
    root.fields().map_err(|error| unreadable(file, &error))?;
    let Some(servers) = document.get_mut(SERVERS).map(Value::take) else { return Ok(Map::new()) };
    let reader = Reader::new(SERVERS.to_owned(), &servers);
    reader.fields().map_err(|error| unreadable(file, &error))?;
    match servers {
        Value::Object(servers) if servers.len() <= MOST => Ok(servers),
        other => {
            let count = other.as_object().map_or(0, Map::len);
            let why = format!("{SERVERS}: has {count} entries, more than {MOST}");
            Err(unreadable(file, &why))
        }
    }
}

/// What is odd about a file as a whole, although it can be read.
pub fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if text.starts_with(json::MARK) {
        notes.push("it begins with a byte order mark, which some clients do not read".to_owned());
    }
    notes.extend(misnamed(text));
    notes
}

/// The key that stands there instead of ours, if one does.
fn misnamed(text: &str) -> Option<String> {
    if text.contains(&format!("\"{SERVERS}\"")) {
        return None;
    }
    json::read(text).ok()?.as_object()?.keys().find_map(|key| {
        let whose = FOREIGN.iter().find(|(name, _)| name == key).map(|(_, whose)| *whose);
        let is_like = strsim::jaro_winkler(&key.to_lowercase(), &SERVERS.to_lowercase()) >= SIMILAR;
        let key = excerpt(key);
        match whose {
            Some(whose) => Some(format!("{key:?} is the key of {whose}: servers stand under {SERVERS:?} here")),
            None => is_like.then(|| format!("{key:?} is no key of ours: servers stand under {SERVERS:?}")),
        }
    })
}

/// The keys under which other clients have their servers.
const FOREIGN: &[(&str, &str)] = &[
    ("servers", "VS Code"),
    ("mcp", "opencode"),
    ("mcp_servers", "Codex"),
    ("context_servers", "Zed"),
    ("amp.mcpServers", "Amp"),
    ("extensions", "Goose"),
];
/// A key that is at least this similar is taken for ours, mistyped.
const SIMILAR: f64 = 0.9;

fn unreadable(file: &Path, why: &dyn fmt::Display) -> Error {
    anyhow!("could not read {}: {why}", file.display())
}

/// The names of the servers in the order in which they stand, and how often each does.
fn names(text: &str) -> Result<Vec<(String, usize)>> {
    let mut names: Vec<(String, usize)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let root = json_tree::parse(text, TrailingCommas::Refused)?;
    let servers = root.field(SERVERS).and_then(|field| field.value.fields());
    for server in servers.unwrap_or_default() {
        match places.entry(server.name.clone()) {
            hash_map::Entry::Occupied(known) => names[*known.get()].1 += 1,
            hash_map::Entry::Vacant(new) => {
                names.push((new.key().clone(), 1));
                new.insert(names.len() - 1);
            }
        }
    }
    Ok(names)
}

fn content(file: &Path, name: &str, reader: &Reader) -> ReadResult<EntryContent> {
    // Were it taken for a definition, `mcp-hook run web` would run `mcp-hook run web`.
    if reader.value().as_object().and_then(WayToHook::of).is_some() {
        return Ok(EntryContent::Client);
    }
    let fields = reader.fields()?;
    let name: ServerName = excerpt(name).parse().map_err(|error| reader.wrong(error))?;
    let url = fields.read("url", Reader::word)?;
    let definition = Definition {
        name,
        file: file.to_owned(),
        kind: kind(reader, url.is_some())?,
        url,
        headers: fields.read("headers", Reader::map)?.unwrap_or_default(),
        hook: fields.read("hook", settings::hook)?.unwrap_or_default(),
    };
    Ok(EntryContent::Server(Box::new(definition)))
}

fn kind(reader: &Reader, has_url: bool) -> ReadResult<ServerKind> {
    let fields = reader.fields()?;
    let is_stdio = fields.read("type", |it| it.choice(TYPES))?;
    let command = fields.read("command", Reader::word)?;
    match (command, is_stdio, has_url) {
        (Some(command), ..) => Ok(ServerKind::Program {
            command,
            args: fields.read("args", Reader::texts)?.unwrap_or_default(),
            env: fields.read("env", Reader::environment)?.unwrap_or_default(),
            cwd: fields.read("cwd", Reader::word)?,
        }),
        (None, Some(true), _) => Err(reader.wrong("must have \"command\"")),
        (None, Some(false), false) => Err(reader.wrong("must have \"url\" or \"command\"")),
        (None, None, false) => Err(reader.wrong("must have \"command\" or \"url\"")),
        (None, _, true) => Ok(ServerKind::Remote),
    }
}

/// The types of servers, and whether they talk on standard input and output.
const TYPES: &[(&str, bool)] = &[("stdio", true), ("http", false), ("sse", false), ("streamable-http", false)];
