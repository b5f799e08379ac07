//! Writing a client's file: whole or not at all, where its links lead, with its mode, owner and attributes, and never over
//! what somebody else has written since it was read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::fcntl::OFlag;

use crate::disk::directory::Directory;
use crate::disk::{locations, lock};
use crate::failpoint;
use crate::failure::hinted;
use crate::sys::attributes;

/// How a file was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The copy of what was there, if one was made now.
    pub copy: Option<PathBuf>,
}

/// The right to write clients' files, which one process of ours has at a time; the files themselves are locked by nobody.
pub struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits until it is ours.
    ///
    /// # Errors
    /// When somebody does not let go of it.
    pub fn wait() -> Result<Self> {
        let directory = Directory::owned_at(locations::config_directory()?);
        directory.ensure_all()?;
        Ok(Self { _lock: lock::wait(&directory.file(LOCK))? })
    }
}

/// Writes `after` in place of `before` into the file `target`, to which no link leads any more.
///
/// # Errors
/// When what stands there is not `before`, or cannot be replaced; then the file is as it was.
pub fn replace(_: &Turn, target: &Path, before: &str, after: &str) -> Result<Written> {
    let could_not = || format!("could not write {}", target.display());
    let found = check(target, before)?;
    let copy = match copy(target, before) {
        Err(error) if is_closed(&error) => None,
        made => made.with_context(could_not)?,
    };
    // Another name of the file would keep the old text.
    let has_names = found.metadata().with_context(could_not)?.nlink() > 1;
    let renamed = if has_names { Err(Unrenamed::Closed) } else { by_rename(target, &found, before, after) };
    match renamed {
        Ok(()) => {}
        Err(Unrenamed::Closed) => in_place(target, before, after).with_context(could_not)?,
        Err(Unrenamed::Because(error)) => return Err(error.context(could_not())),
    }
    Ok(Written { copy })
}

/// Why a file was not replaced by another one.
enum Unrenamed {
    /// Nothing like it can be made in its directory.
    Closed,
    Because(anyhow::Error),
}

impl From<io::Error> for Unrenamed {
    fn from(error: io::Error) -> Self {
        if is_closed(&error) { Self::Closed } else { Self::Because(error.into()) }
    }
}

const LOCK: &str = ".clients.lock";

/// The file, which may be written to and holds what was read.
fn check(target: &Path, before: &str) -> Result<File> {
    let could_not = || format!("could not write {}", target.display());
    let file = open(OpenOptions::new().read(true).write(true), target).with_context(could_not)?;
    ensure!(file.metadata().with_context(could_not)?.is_file(), "{}: it is not a regular file", could_not());
    let mut now = Vec::new();
    (&file).take(before.len() as u64 + 1).read_to_end(&mut now).with_context(could_not)?;
    if now == before.as_bytes() {
        return Ok(file);
    }
    Err(hinted(format!("{}: it has changed since it was read", could_not()), "try again"))
}

/// Opens what is at a path, and not where a link there leads. Nothing is waited for.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits()).open(path)
}

/// A copy beside the file, for this user only, if there is none yet.
fn copy(target: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    let copy = beside(target, "", COPY);
    match create(&copy) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        made => {
            let mut file = made?;
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
            written.inspect_err(|_| drop(fs::remove_file(&copy)))?;
            Ok(Some(copy))
        }
    }
}

const COPY: &str = ".bak-mcp-hook";

fn beside(target: &Path, before: &str, after: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let mut other = std::ffi::OsString::from(before);
    other.push(name);
    other.push(after);
    target.with_file_name(other)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// What stands in the way of a new file is named: it is not the one that is to be written.
fn in_the_way(path: &Path, error: io::Error) -> Unrenamed {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Unrenamed::Because(anyhow!("{} is in the way", path.display())),
        _ => error.into(),
    }
}

/// Whether nothing can be made in a directory.
fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn by_rename(target: &Path, found: &File, before: &str, after: &str) -> Result<(), Unrenamed> {
    let temporary = beside(target, ".", ".mcp-hook");
    // Left by one of ours that was killed in between: under the lock there is no other.
    let _ = fs::remove_file(&temporary);
    let written = fill(&temporary, found, after).and_then(|()| {
        check(target, before).map_err(Unrenamed::Because)?;
        failpoint::kill("before-rename");
        Ok(fs::rename(&temporary, target)?)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    if let Some(directory) = target.parent().and_then(|directory| File::open(directory).ok()) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Writes a new file with the owner, the attributes and the mode of another.
fn fill(path: &Path, other: &File, text: &str) -> Result<(), Unrenamed> {
    let like = other.metadata()?;
    let mut file = create(path).map_err(|error| in_the_way(path, error))?;
    file.write_all(text.as_bytes())?;
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
        fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    // What cannot be had again is kept in place.
    attributes::copy(other, &file).map_err(|_| Unrenamed::Closed)?;
    file.set_permissions(like.permissions())?;
    Ok(file.sync_all()?)
}

/// Writes into the file as it is; what was there comes back if that fails.
fn in_place(target: &Path, before: &str, after: &str) -> Result<()> {
    let write = |text: &str| -> io::Result<()> {
        let mut file = open(OpenOptions::new().write(true), target)?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    };
    if let Err(error) = write(after) {
        if let Err(second) = write(before) {
            bail!("{error}; what was there could not be put back: {second}");
        }
        return Err(error.into());
    }
    Ok(())
}
