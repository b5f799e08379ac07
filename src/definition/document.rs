//! The files that define servers: where they are, and reading them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use serde::Serialize;

use crate::context;
use crate::disk::locations;
use crate::disk::refusal::Refusal;
use crate::disk::walk;
use crate::failure::hinted;
use crate::units::size;

const SAFE_PLACE: &str = "have it where only you can rename, or set XDG_CONFIG_HOME to such a directory";
/// A file with servers is far smaller, in bytes.
const LARGEST: u64 = 256 << 10;
/// Claude Code has its history in the same file, in bytes.
const LARGEST_OF_CLIENTS: u64 = 64 << 20;

/// What a project's definitions are called.
pub const PROJECT_FILE: &str = ".mcp.json";

/// Whose definitions a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A project's `.mcp.json`: counts once it has been allowed.
    Project,
    /// The user's own `servers.json`.
    User,
}

pub fn is_of_project(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == PROJECT_FILE)
}

#[derive(Clone, Debug)]
pub struct Document {
    pub file: PathBuf,
    pub text: String,
}

/// Where the user's definitions are, whether or not the file is there.
pub fn user_file() -> Result<PathBuf> {
    Ok(locations::config_directory()?.join("servers.json"))
}

/// A file that is there, and what stands in it or why that cannot be read.
#[derive(Debug)]
pub struct FoundDocument {
    pub file: PathBuf,
    pub document: Result<Document>,
}

/// The user's definitions; `None` if there is no such file, or no place for one.
pub fn user() -> Option<FoundDocument> {
    let file = user_file().ok()?;
    let document = open(&file).transpose()?.and_then(|_| of_user(&file));
    Some(FoundDocument { file, document })
}

/// A file of the user's. What it says is run without a question, so only the user may have been able to write it or to put
/// it where it is.
pub fn of_user(file: &Path) -> Result<Document> {
    let open = walk::open_file(file).map_err(|error| match Refusal::of(&error) {
        Some(refusal) => hinted(format!("{}: {}", could_not(file), refusal.why), SAFE_PLACE),
        None => anyhow::Error::new(error).context(could_not(file)),
    })?;
    let found = fstat(&open).with_context(|| could_not(file))?;
    if walk::is_open_to_others(&found) {
        let message = format!("{}: others may write to it (mode {:04o})", could_not(file), found.st_mode & 0o7777);
        return Err(hinted(message, format!("chmod go-w {}", file.display())));
    }
    read(file, open.into())
}

/// The nearest `.mcp.json` in `directory` or above it. One that another user wrote is found, but not read.
pub fn project(directory: &Path) -> Option<FoundDocument> {
    directory.ancestors().find_map(|above| {
        let file = above.join(PROJECT_FILE);
        let opened = open(&file).transpose()?;
        let document = check_owner(above, &file).and(opened).and_then(|open| read(&file, open));
        Some(FoundDocument { file, document })
    })
}

/// In another user's directory not even a file of ours says what is run: its place is what was allowed.
fn check_owner(directory: &Path, file: &Path) -> Result<()> {
    let owner = directory.metadata().with_context(|| could_not(file))?.uid();
    ensure!(is_trusted(owner), "{}: its directory belongs to user {owner}", could_not(file));
    Ok(())
}

/// A file by its path, whatever it is called.
pub fn at(file: &Path) -> Result<Document> {
    match open(file)? {
        Some(open) => read(file, open),
        None => bail!("{}: there is no such file", could_not(file)),
    }
}

/// A client's own file, which may hold far more than servers.
pub fn of_client(file: &Path) -> Result<Document> {
    match open(file)? {
        Some(open) => read_up_to(LARGEST_OF_CLIENTS, file, open),
        None => bail!("{}: there is no such file", could_not(file)),
    }
}

fn could_not(file: &Path) -> String {
    format!("could not read {}", file.display())
}

fn open(file: &Path) -> Result<Option<File>> {
    // A pipe is not waited for.
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    match OpenOptions::new().read(true).custom_flags(flags.bits()).open(file) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        result => result.map(Some).with_context(|| could_not(file)),
    }
}

/// Reads what is open: what is looked at is what is read. A symbolic link was followed: files of this kind often are
/// links into a collection of dotfiles.
fn read(file: &Path, open: File) -> Result<Document> {
    read_up_to(LARGEST, file, open)
}

fn read_up_to(largest: u64, file: &Path, open: File) -> Result<Document> {
    let data = open.metadata().with_context(|| could_not(file))?;
    ensure!(data.is_file(), "{}: it is not a regular file", could_not(file));
    ensure!(is_trusted(data.uid()), "{}: it belongs to user {}", could_not(file), data.uid());
    let mut content = Vec::new();
    open.take(largest + 1).read_to_end(&mut content).with_context(|| could_not(file))?;
    ensure!(content.len() as u64 <= largest, "{}: it has more than {}", could_not(file), size::exact(largest));
    match String::from_utf8(content) {
        Ok(text) => Ok(Document { file: file.to_owned(), text }),
        Err(error) => {
            bail!("{}: it is not valid UTF-8 at byte {}", could_not(file), error.utf8_error().valid_up_to())
        }
    }
}

/// Whether a file of this user may say what is run.
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == context::user()
}
