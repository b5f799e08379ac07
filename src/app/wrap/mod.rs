//! Putting mcp-hook in front of the servers in clients' files, and taking it away: first all that would change is found out,
//! then, if that is wanted, it is done.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::client::control;
use crate::client::edit::{self, Edit};
use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{self, ClientFile, FileContent};
use crate::client::place::Places;
use crate::client::running;
use crate::client::scope::Scope;
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
    /// Whether `mcp-hook mcp` is to be added, once for each client.
    pub control: bool,
}

/// What would be done to the files that were found.
#[derive(Debug)]
pub struct Plan {
    pub direction: Direction,
    pub files: Vec<FilePlan>,
    /// The clients to which `mcp-hook mcp` cannot be added, each with the reason.
    pub without_control: Vec<(&'static Client, NoControl)>,
}

/// Why `mcp-hook mcp` is not added to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoControl {
    /// There is none of the files that are the user's own and no project's.
    NoFile(PathBuf),
    NotWritten,
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
    /// The entries of `mcp-hook mcp`.
    pub control: Vec<String>,
    pub edits: Vec<Edit>,
}

/// Why an entry stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    Wrapped,
    Defined,
    Remote,
    /// It is `mcp-hook mcp`.
    Control,
    NotWrapped,
    Because(String),
}

impl Change {
    /// What helps where a client writes its file itself.
    pub fn wait(&self) -> &'static str {
        if self.names.is_empty() { WAIT_FOR_CONTROL } else { WAIT }
    }
}

const WAIT: &str = "end it, then try again; or let it do so itself: claude mcp remove NAME, then \
    claude mcp add NAME -- mcp-hook run NAME -- COMMAND";
const WAIT_FOR_CONTROL: &str = "end it, then try again; or let it do so itself: claude mcp remove mcp-hook, or \
    claude mcp add --scope user mcp-hook -- mcp-hook mcp";

/// Finds out what would be done.
///
/// # Errors
/// When nothing of what was named is there.
pub fn plan(direction: Direction, selection: &Selection) -> Result<Plan> {
    let places = Places::here()?;
    let files = file::find(&selection.clients, &places);
    check_clients(selection, &files, &places)?;
    check_servers(selection, &files)?;
    let takers = if selection.control { takers(&files) } else { Vec::new() };
    let without_control = if selection.control { without_control(&files, &takers, &places) } else { Vec::new() };
    let plan = |(index, file)| plan_file(direction, selection, file, takers.contains(&index));
    Ok(Plan { direction, files: files.into_iter().enumerate().map(plan).collect(), without_control })
}

/// Which files get an entry of `mcp-hook mcp`: of each client the first that is the user's own, unless one has it.
fn takers(files: &[ClientFile]) -> Vec<usize> {
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

fn without_control(files: &[ClientFile], takers: &[usize], places: &Places) -> Vec<(&'static Client, NoControl)> {
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

fn plan_file(direction: Direction, selection: &Selection, file: ClientFile, takes_control: bool) -> FilePlan {
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
    let mut change = Change { names: Vec::new(), control: Vec::new(), edits: Vec::new() };
    let mut left = Vec::new();
    for entry in content.entries.iter().filter(chosen) {
        match edits(direction, &file, content, entry) {
            Ok(edits) => {
                let is_control = matches!(entry.state, EntryState::Control(_));
                if is_control { &mut change.control } else { &mut change.names }.push(entry.name.clone());
                change.edits.extend(edits);
            }
            Err(why) => left.push((entry.name.clone(), why)),
        }
    }
    if takes_control {
        match add_control(&file, content) {
            Ok(edit) => {
                change.control.push(control::NAME.to_owned());
                change.edits.push(edit);
            }
            Err(why) => left.push((control::NAME.to_owned(), Left::Because(why))),
        }
    }
    change.edits.sort_by_key(|edit| edit.span.start);
    let step = step(direction, &file, content, change);
    FilePlan { file, step, left }
}

fn add_control(file: &ClientFile, content: &FileContent) -> Result<Edit, String> {
    let is_taken = |entry: &ServerEntry| entry.name == control::NAME && entry.scope == Scope::User;
    if content.entries.iter().any(is_taken) {
        return Err("mcp-hook mcp is not added: another entry has this name".to_owned());
    }
    let edit = control::add(file.client, &content.text, &hook_for(file.client));
    edit.map_err(|error| format!("mcp-hook mcp is not added: {error}"))
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
        (Direction::Wrap, EntryState::Control(_)) => Err(Left::Control),
        (Direction::Unwrap, EntryState::Control(_)) => {
            let edit = file.without_control(&content.text, entry);
            edit.map(|edit| vec![edit]).map_err(|error| Left::Because(error.to_string()))
        }
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
    let after = file.reparsed(edit::apply(&content.text, &change.edits))?;
    let is_moved =
        |entry: &&ServerEntry| matches!(entry.state, EntryState::Control(_)) && change.control.contains(&entry.name);
    let others =
        |content: &FileContent| content.entries.iter().filter(|entry| !is_moved(entry)).cloned().collect::<Vec<_>>();
    let (before, others) = (others(content), others(&after));
    ensure!(before.iter().map(own_words).eq(others.iter().map(own_words)), "another command would come of it");
    if direction == Direction::Unwrap {
        return Ok(());
    }
    let mut back = Vec::new();
    for (entry, before) in others.iter().zip(&before) {
        if let (EntryState::Wrapped { place, at }, EntryState::Direct(_)) = (&entry.state, &before.state) {
            back.extend(edit::unwrap(&after.text, place, *at)?);
        }
    }
    for entry in after.entries.iter().filter(is_moved) {
        back.push(file.without_control(&after.text, entry)?);
    }
    back.sort_by_key(|edit| edit.span.start);
    ensure!(edit::apply(&after.text, &back) == content.text, "it could not be taken back");
    Ok(())
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
            return Some(Err(hinted(message, change.wait())));
        }
        Some(write::replace(&self.file.target, &content.text, &edit::apply(&content.text, &change.edits)))
    }
}

impl Plan {
    /// What would change, file by file.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.files.iter().filter_map(|file| if let Step::Change(change) = &file.step { Some(change) } else { None })
    }

    pub fn changes_anything(&self) -> bool {
        self.changes().next().is_some()
    }

    pub fn is_refused_anywhere(&self) -> bool {
        self.files.iter().any(|file| matches!(file.step, Step::Refused(_) | Step::Busy(..)))
    }
}
