//! Writing the user's file: whole or not at all, one writer at a time, through a link to where it leads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use nix::sys::stat::Mode;
use serde::Serialize;

use super::parse::{self, EntryContent};
use super::{document, edit};
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::file_at::FileAt;
use crate::disk::names::ServerName;
use crate::disk::{file, lock};
use crate::failure::Hint;

/// A server as it is written into a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewServer {
    /// Where clients reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
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
    New,
    Replaced,
    Taken,
}

/// Adds a server to the user's file, which is made if need be. One of the same name is replaced only if that is wanted.
/// After an error the file is as it was.
pub fn add(name: &ServerName, server: &NewServer, may_replace: bool) -> Result<Added> {
    check(name, server)?;
    let file = document::user_file()?;
    let directory = directory(&file);
    directory.ensure_all().hint(|| NOT_YOURS.to_owned())?;
    let _lock = lock::wait(&directory.file(LOCK))?;
    let target = target(&file)?;
    let (text, mode) = read(&file, &target)?.unwrap_or((String::new(), Mode::S_IRUSR | Mode::S_IWUSR));
    let (text, was_there) = edit::set(&text, name.as_str(), server).with_context(|| could_not_change(&file))?;
    if was_there && !may_replace {
        return Ok(Added::Taken);
    }
    write(&target, &text, mode)?;
    Ok(if was_there { Added::Replaced } else { Added::New })
}

/// Removes a server from the user's file; false if there is none of this name. It may have any name: mistakes have to go too.
pub fn remove(name: &str) -> Result<bool> {
    let file = document::user_file()?;
    if fs::symlink_metadata(&file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(false);
    }
    let _lock = lock::wait(&directory(&file).file(LOCK))?;
    let target = target(&file)?;
    let Some((text, mode)) = read(&file, &target)? else { return Ok(false) };
    match edit::remove(&text, name).with_context(|| could_not_change(&file))? {
        Some(text) => write(&target, &text, mode).map(|()| true),
        None => Ok(false),
    }
}

/// Where the user's file is, or the link to it.
fn directory(file: &Path) -> Directory {
    Directory::owned_at(file.parent().unwrap_or(file).to_owned())
}

/// That what is written can be read back as a server.
fn check(name: &ServerName, server: &NewServer) -> Result<()> {
    let (text, _) = edit::set("", name.as_str(), server)?;
    let entry = parse::entries(Path::new("it"), &text)?.pop().context("it is empty")?;
    match entry.content.with_context(|| format!("could not add {name}"))? {
        EntryContent::Server(_) => Ok(()),
        EntryContent::Client => Err(anyhow!("could not add {name}: it would only lead back to mcp-hook")),
    }
}

fn could_not_change(file: &Path) -> String {
    format!("could not change {}", file.display())
}

/// The file itself, where `file` is a link: the link stays.
fn target(file: &Path) -> Result<FileAt> {
    let target: PathBuf = match fs::canonicalize(file) {
        Ok(target) => target,
        Err(_) if fs::symlink_metadata(file).is_ok() => {
            return Err(anyhow!("{}: it is a symbolic link that leads nowhere", could_not_change(file)));
        }
        Err(_) => file.to_owned(),
    };
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{}: its name is not valid UTF-8", could_not_change(&target)))?;
    Ok(directory(&target).file(name))
}

/// The text and the mode of the file, if it is ours and a document; `None` if there is none.
fn read(file: &Path, target: &FileAt) -> Result<Option<(String, Mode)>> {
    let found = match target.look() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        found => found.with_context(|| could_not_change(file))?,
    };
    let owner = found.st_uid;
    ensure!(owner == context::user(), "could not read {target}: it belongs to user {owner}");
    let text = document::at(&target.path())?.text;
    parse::entries(file, &text)?;
    Ok(Some((text, Mode::from_bits_truncate(found.st_mode))))
}

fn write(target: &FileAt, text: &str, mode: Mode) -> Result<()> {
    file::replace_for_good(target, text.as_bytes(), mode).with_context(|| format!("could not write {target}"))
}

/// Locked by the command that changes the file. The file itself is not: any user who may read it could lock it for ever.
const LOCK: &str = ".servers.json.lock";
const NOT_YOURS: &str = "set HOME or XDG_CONFIG_HOME to a directory of your own";
