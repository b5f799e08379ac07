//! Writing the user's file: whole or not at all, one writer at a time, through a link to where it leads.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use nix::fcntl::OFlag;
use serde::Serialize;

use super::parse::{self, Content};
use super::{document, edit};
use crate::context;
use crate::disk::file;
use crate::disk::names::ServerName;

/// A server as it is written into a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewServer {
    /// Where clients reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Variables on top of the inherited ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Our own settings, as they are to stand there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hook: BTreeMap<&'static str, serde_json::Value>,
}

/// What became of a server that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It stands in place of another one.
    Replaced,
    /// There was one of this name, which still is.
    Taken,
}

/// Adds a server to the user's file, which is made if need be. One of the same name is replaced only if that is wanted.
///
/// # Errors
/// When the server is none that could be started, or the file cannot be read or written. Then it is as it was.
pub fn add(name: &ServerName, server: &NewServer, may_replace: bool) -> Result<Added> {
    check(name, server)?;
    let file = document::user_file()?;
    let target = target(&file)?;
    make_directory(&target)?;
    let lock = lock(&target, true)?;
    let text = read(&file, &target)?;
    let (text, was_there) = edit::set(&text, name.as_str(), server).with_context(|| could_not_change(&file))?;
    if was_there && !may_replace {
        return Ok(Added::Taken);
    }
    write(&target, &text, &lock)?;
    Ok(if was_there { Added::Replaced } else { Added::New })
}

/// Removes a server from the user's file; false if there is none of this name. It may have any name: mistakes have to go too.
///
/// # Errors
/// When the file cannot be read or written. Then it is as it was.
pub fn remove(name: &str) -> Result<bool> {
    let file = document::user_file()?;
    let target = target(&file)?;
    let lock = match lock(&target, false) {
        Err(error) if file::is_missing(&error) => return Ok(false),
        result => result?,
    };
    let text = read(&file, &target)?;
    match edit::remove(&text, name).with_context(|| could_not_change(&file))? {
        Some(text) => write(&target, &text, &lock).map(|()| true),
        None => Ok(false),
    }
}

/// That what is written can be read back as a server.
fn check(name: &ServerName, server: &NewServer) -> Result<()> {
    let (text, _) = edit::set("", name.as_str(), server)?;
    let entry = parse::entries(Path::new("it"), &text)?.pop().context("it is empty")?;
    match entry.content.with_context(|| format!("could not add {name}"))? {
        Content::Server(_) => Ok(()),
        Content::Client => Err(anyhow!("could not add {name}: it would only lead back to mcp-hook")),
    }
}

fn could_not_change(file: &Path) -> String {
    format!("could not change {}", file.display())
}

/// The file itself, where `file` is a link: the link stays.
fn target(file: &Path) -> Result<PathBuf> {
    match fs::canonicalize(file) {
        Ok(target) => Ok(target),
        Err(_) if fs::symlink_metadata(file).is_ok() => {
            Err(anyhow!("{}: it is a symbolic link that leads nowhere", could_not_change(file)))
        }
        Err(_) => Ok(file.to_owned()),
    }
}

fn make_directory(target: &Path) -> Result<()> {
    let parent = target.parent().unwrap_or(target);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
    made.with_context(|| format!("could not create {}", parent.display()))
}

/// Waits for the lock on the file that is there. The file is replaced by whoever has it, so that the one that was opened
/// may be another one by the time it is locked.
fn lock(target: &Path, may_create: bool) -> Result<File> {
    let open = || {
        let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
        OpenOptions::new().read(true).write(true).create(may_create).mode(0o600).custom_flags(flags).open(target)
    };
    loop {
        let file = open().with_context(|| could_not_change(target))?;
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result.with_context(|| format!("could not lock {}", target.display()))?,
        }
        match File::open(target) {
            Ok(now) if file::is_same(&file, &now) => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| could_not_change(target));
            }
            _ => {}
        }
    }
}

/// The text of the file, if it is ours and a document.
fn read(file: &Path, target: &Path) -> Result<String> {
    let text = document::at(target)?.text;
    let owner = target.metadata().with_context(|| could_not_change(target))?.uid();
    ensure!(owner == context::user(), "{}: it belongs to user {owner}", could_not_change(target));
    parse::entries(file, &text)?;
    Ok(text)
}

fn write(target: &Path, text: &str, lock: &File) -> Result<()> {
    let could_not = || format!("could not write {}", target.display());
    let mode = lock.metadata().with_context(could_not)?.mode() & 0o7777;
    file::replace_for_good(target, text.as_bytes(), mode).with_context(could_not)
}
