//! Putting mcp-hook in front of the servers in clients' files, and taking it away: first all that would change is found out,
//! then, if that is wanted, it is done.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::client::edit::{self, Edit};
use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{self, ClientFile, FileContent};
use crate::client::place::Places;
use crate::client::running;
use crate::client::syntax::Syntax;
use crate::client::table::{Client, PathOfClient};
use crate::client::write::{self, Written};
use crate::client::yaml::{self, CommandLine};
use crate::context;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::sys::Pid;
use crate::sys::stat::FileId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Wrap,
    Unwrap,
}

/// What is to be changed; empty lists mean everything that there is.
pub struct Selection {
    pub clients: Vec<&'static Client>,
    pub servers: Vec<String>,
}

/// What would be done to the files that were found.
#[derive(Debug)]
pub struct Plan {
    pub direction: Direction,
    pub files: Vec<FilePlan>,
}

#[derive(Debug)]
pub struct FilePlan {
    pub file: ClientFile,
    pub step: Step,
    /// The entries that stay, each with the reason.
    pub left: Vec<(String, Left)>,
}

#[derive(Debug)]
pub enum Step {
    Nothing,
    Change(Change),
    /// The client runs and writes the file itself.
    Busy(Change, Pid),
    /// It cannot be read, or not be changed without losing something.
    Refused(String),
    /// The lines that people may change.
    ByHand(Vec<CommandLine>),
}

#[derive(Debug)]
pub struct Change {
    /// The servers.
    pub names: Vec<String>,
    pub edits: Vec<Edit>,
}

/// Why an entry stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    Wrapped,
    Defined,
    Remote,
    NotWrapped,
    Because(String),
}

/// What helps where a client writes its file itself.
pub const WAIT: &str = "end it, then try again; or let it do so itself: claude mcp remove NAME, then \
    claude mcp add NAME -- mcp-hook run NAME -- COMMAND";

/// Finds out what would be done.
///
/// # Errors
/// When nothing of what was named is there.
pub fn plan(direction: Direction, selection: &Selection) -> Result<Plan> {
    let places = Places::here()?;
    let files = file::find(&selection.clients, &places);
    check_clients(selection, &files, &places)?;
    check_servers(selection, &files)?;
    let files = files.into_iter().map(|file| plan_file(direction, selection, file)).collect();
    Ok(Plan { direction, files })
}

fn check_clients(selection: &Selection, files: &[ClientFile], places: &Places) -> Result<()> {
    for client in &selection.clients {
        let Some(first) = client.files.first().map(|spec| places.of(spec)).filter(|_| !has_file(client, files)) else {
            continue;
        };
        let place = first.first().cloned().unwrap_or_default();
        let hint = "mcp-hook clients shows those that are found";
        return Err(hinted(format!("could not find a file of {}, such as {}", client.name, place.display()), hint));
    }
    Ok(())
}

/// Whether one was found of a client, or of another one that reads the same.
fn has_file(client: &Client, files: &[ClientFile]) -> bool {
    let is_of =
        |file: &ClientFile| file.client == client || client.files.iter().any(|spec| spec.path == file.spec.path);
    files.iter().any(is_of)
}

fn check_servers(selection: &Selection, files: &[ClientFile]) -> Result<()> {
    let known = files.iter().filter_map(|file| file.content.as_ref().ok()).flat_map(|content| &content.entries);
    let known: Vec<&str> = known.map(|entry| entry.name.as_str()).collect();
    for name in &selection.servers {
        let hint = "mcp-hook clients shows those there are";
        ensure!(
            known.contains(&name.as_str()),
            hinted(format!("could not find {name:?}: no client has a server of this name"), hint)
        );
    }
    Ok(())
}

fn plan_file(direction: Direction, selection: &Selection, file: ClientFile) -> FilePlan {
    let content = match &file.content {
        Ok(content) => content,
        Err(error) => {
            let step = Step::Refused(error.clone());
            return FilePlan { file, step, left: Vec::new() };
        }
    };
    if file.client.syntax == Syntax::Yaml {
        let lines = if direction == Direction::Wrap { yaml::commands(&content.text) } else { Vec::new() };
        let step = if lines.is_empty() { Step::Nothing } else { Step::ByHand(lines) };
        return FilePlan { file, step, left: Vec::new() };
    }
    let chosen = |entry: &&ServerEntry| selection.servers.is_empty() || selection.servers.contains(&entry.name);
    let mut change = Change { names: Vec::new(), edits: Vec::new() };
    let mut left = Vec::new();
    for entry in content.entries.iter().filter(chosen) {
        match edits(direction, &file, content, entry) {
            Ok(edits) => {
                change.names.push(entry.name.clone());
                change.edits.extend(edits);
            }
            Err(why) => left.push((entry.name.clone(), why)),
        }
    }
    change.edits.sort_by_key(|edit| edit.span.start);
    let step = step(direction, &file, content, change);
    FilePlan { file, step, left }
}

fn edits(
    direction: Direction,
    file: &ClientFile,
    content: &FileContent,
    entry: &ServerEntry,
) -> Result<Vec<Edit>, Left> {
    match (direction, &entry.state) {
        (Direction::Wrap, EntryState::Direct(place)) => {
            let name = ServerName::from_label(&entry.name);
            Ok(edit::wrap(&content.text, place, &hook_for(file.client), name.as_str()))
        }
        (Direction::Wrap, EntryState::Wrapped { .. }) => Err(Left::Wrapped),
        (Direction::Unwrap, EntryState::Wrapped { place, at }) => {
            edit::unwrap(&content.text, place, *at).map_err(|error| Left::Because(error.to_string()))
        }
        (Direction::Unwrap, EntryState::Direct(_)) => Err(Left::NotWrapped),
        (_, EntryState::Defined(_)) => Err(Left::Defined),
        (_, EntryState::Remote) => Err(Left::Remote),
        (_, EntryState::Unwrappable(why)) => Err(Left::Because(why.to_string())),
    }
}

/// How a client finds mcp-hook: by its name, if that leads to this program where the client looks.
fn hook_for(client: &Client) -> String {
    let own = context::executable().unwrap_or_else(|_| PathBuf::from("mcp-hook"));
    let by_name = match client.path {
        PathOfClient::OfDesktop => false,
        PathOfClient::OfShell => on_path().is_some_and(|found| FileId::at(&found).ok() == FileId::at(&own).ok()),
    };
    if by_name { "mcp-hook".to_owned() } else { own.display().to_string() }
}

/// The first mcp-hook on PATH.
fn on_path() -> Option<PathBuf> {
    let path = context::variable("PATH")?;
    let places = std::env::split_paths(&path).map(|place| place.join("mcp-hook"));
    places.into_iter().find(|file| file.is_file())
}

fn step(direction: Direction, file: &ClientFile, content: &FileContent, change: Change) -> Step {
    if change.edits.is_empty() {
        return Step::Nothing;
    }
    if let Err(error) = prove(direction, file, content, &change) {
        return Step::Refused(format!("could not change {}: {error:#}", file.path.display()));
    }
    match running::writer(file) {
        Some(pid) => Step::Busy(change, pid),
        None => Step::Change(change),
    }
}

/// That what would be written can be read, holds the same servers, and can be taken back to the byte.
fn prove(direction: Direction, file: &ClientFile, content: &FileContent, change: &Change) -> Result<()> {
    let after = edit::apply(&content.text, &change.edits);
    let after = file.reparsed(after)?;
    let is_same = content.entries.iter().map(own_words).eq(after.entries.iter().map(own_words));
    ensure!(is_same, "another command would come of it");
    if direction == Direction::Wrap {
        let mut back = Vec::new();
        for entry in after.entries.iter().filter(|entry| is_changed(entry, content)) {
            if let EntryState::Wrapped { place, at } = &entry.state {
                back.extend(edit::unwrap(&after.text, place, *at)?);
            }
        }
        back.sort_by_key(|edit| edit.span.start);
        ensure!(edit::apply(&after.text, &back) == content.text, "it could not be taken back");
    }
    Ok(())
}

fn is_changed(entry: &ServerEntry, before: &FileContent) -> bool {
    before
        .entries
        .iter()
        .any(|it| it.name == entry.name && it.scope == entry.scope && matches!(it.state, EntryState::Direct(_)))
}

/// What an entry starts in the end.
fn own_words(entry: &ServerEntry) -> (&str, &[String]) {
    let skipped = if let EntryState::Wrapped { at, .. } = &entry.state { *at } else { 0 };
    (&entry.name, &entry.words()[skipped..])
}

impl FilePlan {
    /// Does it, if there is anything to do.
    pub fn write(&self) -> Option<Result<Written>> {
        let (Step::Change(change), Ok(content)) = (&self.step, &self.file.content) else { return None };
        // It may have been started since.
        if let Some(pid) = running::writer(&self.file) {
            let (path, client) = (self.file.path.display(), self.file.client.name);
            let message = format!("could not write {path}: {client} runs (pid {pid}) and writes it itself");
            return Some(Err(hinted(message, WAIT)));
        }
        Some(write::replace(&self.file.target, &content.text, &edit::apply(&content.text, &change.edits)))
    }
}

impl Plan {
    /// How many servers in how many files would change.
    pub fn extent(&self) -> (usize, usize) {
        let changes = self.files.iter().filter_map(|file| match &file.step {
            Step::Change(change) => Some(change.names.len()),
            _ => None,
        });
        changes.fold((0, 0), |(servers, files), count| (servers + count, files + 1))
    }

    pub fn is_refused_anywhere(&self) -> bool {
        self.files.iter().any(|file| matches!(file.step, Step::Refused(_) | Step::Busy(..)))
    }
}
