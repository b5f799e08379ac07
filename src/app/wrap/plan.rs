//! What would be done to clients' files, and doing it.

use std::path::PathBuf;

use anyhow::Result;

use crate::client::file::{ClientFile, FileContent};
use crate::client::running;
use crate::client::table::Client;
use crate::client::write::{self, Turn, Written};
use crate::client::yaml::CommandLine;
use crate::failure::hinted;
use crate::syntax::edit::Edit;
use crate::sys::Pid;

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
    /// What stands in the file then.
    pub after: FileContent,
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

impl FilePlan {
    /// Does it, if there is anything to do.
    fn write(&self, turn: &Turn) -> Option<Result<Written>> {
        let (Step::Change(change), Ok(content)) = (&self.step, &self.file.content) else { return None };
        // It may have been started since.
        if let Some(pid) = running::writer(&self.file) {
            let (path, client) = (self.file.path.display(), self.file.client.name);
            let message = format!("could not write {path}: {client} runs (pid {pid}) and writes it itself");
            return Some(Err(hinted(message, change.wait())));
        }
        Some(write::replace(turn, &self.file.target, &content.text, &change.after.text))
    }
}

impl Plan {
    /// Does it. What came of each file that was to be changed, in their order.
    pub fn write(&self, turn: &Turn) -> Vec<(&FilePlan, Result<Written>)> {
        self.files.iter().filter_map(|file| Some((file, file.write(turn)?))).collect()
    }

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
