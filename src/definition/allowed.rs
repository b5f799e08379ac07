//! Which files of projects the user has allowed, by path and content. One small file for each, so that several commands
//! at once cannot lose what another one wrote.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::document::Document;
use crate::disk::directory::Directory;
use crate::disk::file_at::FileAt;
use crate::disk::{file, locations, versioned};

const VERSION: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The user has allowed exactly this content at this path.
    Allowed,
    /// The user has never allowed anything at this path.
    Missing,
    /// The user has allowed other content at this path.
    Changed,
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Allowed => "allowed",
            Self::Missing => "not allowed",
            Self::Changed => "changed",
        })
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Serialize, Deserialize)]
struct Allowed {
    version: u32,
    /// The canonical path, for people who look at it.
    path: String,
    /// The SHA-256 of the content, in hexadecimal.
    sha256: String,
}

/// Whether `document` has been allowed. What cannot be read allows nothing.
pub fn of(document: &Document) -> Permission {
    match remembered(&document.file) {
        Ok(Some(allowed)) if allowed.sha256 == digest(document.text.as_bytes()) => Permission::Allowed,
        Ok(Some(_)) => Permission::Changed,
        Ok(None) | Err(_) => Permission::Missing,
    }
}

fn remembered(file: &Path) -> Result<Option<Allowed>> {
    let content = file::read(&remembered_at(&canonical(file)?)?)?;
    content.map(|content| versioned::parse(&content, VERSION, |allowed: &Allowed| allowed.version)).transpose()
}

/// Whether anything has been allowed at all. Mostly not; then no project's file has to be looked for.
pub fn is_any() -> bool {
    directory().is_ok_and(|directory| directory.path().is_dir())
}

pub fn is_remembered(path: &Path) -> bool {
    canonical(path).and_then(|path| remembered_at(&path)).is_ok_and(|at| at.is_there())
}

pub fn allow(document: &Document) -> Result<()> {
    let path = canonical(&document.file)?;
    let to = remembered_at(&path)?;
    to.directory.ensure_all()?;
    let allowed =
        Allowed { version: VERSION, path: path.display().to_string(), sha256: digest(document.text.as_bytes()) };
    file::replace(&to, &serde_json::to_vec(&allowed)?).with_context(|| format!("could not write {to}"))
}

/// Forgets that the file at `path` was allowed; false if it was not.
pub fn deny(path: &Path) -> Result<bool> {
    let at = remembered_at(&canonical(path)?)?;
    match at.remove() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        result => result.map(|()| true).with_context(|| format!("could not remove {at}")),
    }
}

/// The path without links, but for the last step. A file's relative paths are read from the directory in which it is found,
/// so a link in another directory must not have the permission of the file that it leads to.
fn canonical(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().with_context(|| format!("could not use {}: it is no file", path.display()))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).with_context(|| format!("could not find {}", parent.display()))?;
    Ok(parent.join(name))
}

fn remembered_at(canonical: &Path) -> Result<FileAt> {
    Ok(directory()?.file(digest(canonical.as_os_str().as_bytes())))
}

fn directory() -> Result<Directory> {
    Ok(Directory::at(locations::state_directory()?.join("allowed")))
}

fn digest(bytes: &[u8]) -> String {
    let digits: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_what_sha256sum_prints() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
