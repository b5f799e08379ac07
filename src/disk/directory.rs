//! Directories that were checked once and are held from then on: what is in them is named relative to them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::refusal::Refusal;
use super::walk::{self, Demand, Missing};
use crate::failure::hinted;
use crate::sys::{directory, stat};

/// A directory of ours. It is opened and checked when it is first needed, and held from then on: what comes to its path
/// later is not taken for it. If it was removed, it is opened and checked again.
#[derive(Clone)]
pub struct Directory(Arc<Node>);

struct Node {
    path: PathBuf,
    demand: Demand,
    /// The directory above that it is looked up in; else it is reached from `/`.
    above: Option<Directory>,
    held: Mutex<Option<Arc<OwnedFd>>>,
}

impl Directory {
    /// The directory at an absolute path, ours alone.
    pub fn at(path: PathBuf) -> Self {
        Self::new(path, Demand::Private, None)
    }

    /// The directory at an absolute path, ours, that others may look into.
    pub fn owned_at(path: PathBuf) -> Self {
        Self::new(path, Demand::Owned, None)
    }

    /// The directory `name` in this one, ours alone.
    pub fn below(&self, name: &str) -> Self {
        Self::new(self.path().join(name), Demand::Private, Some(self.clone()))
    }

    /// The directory `name` in this one, which is closed to others: there its own mode may be laxer.
    pub fn inner(&self, name: &str) -> Self {
        Self::new(self.path().join(name), Demand::Owned, Some(self.clone()))
    }

    fn new(path: PathBuf, demand: Demand, above: Option<Self>) -> Self {
        Self(Arc::new(Node { path, demand, above, held: Mutex::default() }))
    }

    /// Where it is, for messages and for other programs.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    fn name(&self) -> &OsStr {
        self.path().file_name().unwrap_or_default()
    }

    /// Does something in it. If there is nothing of that name because the directory itself was removed, the one that is
    /// there now is tried.
    pub fn with<T>(&self, act: impl Fn(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        let held = self.hold()?;
        match act(held.as_fd()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_removed(&held) => {
                self.release();
                act(self.hold()?.as_fd())
            }
            result => result,
        }
    }

    fn hold(&self) -> io::Result<Arc<OwnedFd>> {
        if let Some(held) = &*self.held() {
            return Ok(held.clone());
        }
        Ok(self.keep(self.open(Missing::Fail)?))
    }

    fn keep(&self, directory: OwnedFd) -> Arc<OwnedFd> {
        let directory = Arc::new(directory);
        *self.held() = Some(directory.clone());
        directory
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Arc<OwnedFd>>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_held(&self) -> bool {
        self.held().as_ref().is_some_and(|held| !is_removed(held))
    }

    fn open(&self, missing: Missing) -> io::Result<OwnedFd> {
        match &self.0.above {
            None => walk::walk(self.path(), self.0.demand, missing),
            Some(above) => above.with(|above| walk::open_below(above, self.name(), self.path(), self.0.demand)),
        }
    }

    /// Closes the descriptor: whoever looks at a thousand directories must not keep a thousand open.
    pub fn release(&self) {
        *self.held() = None;
    }

    /// Releases it and those above: it is opened anew when it is used next.
    pub fn forget(&self) {
        self.release();
        if let Some(above) = &self.0.above {
            above.forget();
        }
    }

    /// Makes it with mode 0700; one that exists already is an error (`AlreadyExists`).
    pub fn make(&self) -> io::Result<()> {
        let Some(above) = &self.0.above else {
            return self.open(Missing::MakeLast).map(|directory| self.keep(directory)).map(drop);
        };
        above.with(|above| Ok(mkdirat(above, self.name(), Mode::S_IRWXU)?))
    }

    /// Makes it with mode 0700 unless it is there; what is there must be ours alone.
    pub fn ensure(&self) -> anyhow::Result<()> {
        match self.check_there() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.make_or_check(),
            result => result.map_err(|error| self.explain(error)),
        }
    }

    /// The same with fewer calls where it is expected not to be there.
    pub fn make_or_check(&self) -> anyhow::Result<()> {
        match self.make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.check(),
            Err(error) if Refusal::of(&error).is_some() => Err(self.explain(error)),
            result => result.with_context(|| format!("could not create {self}")),
        }
    }

    /// Makes it, and the one above it, unless they are there; nothing further up.
    pub fn ensure_with_parent(&self) -> anyhow::Result<()> {
        if let Some(above) = &self.0.above {
            above.ensure()?;
        }
        self.ensure()
    }

    /// Makes it, and those above it, with mode 0700, unless it is there. Everything on the way is checked first.
    pub fn ensure_all(&self) -> anyhow::Result<()> {
        if self.is_held() {
            return Ok(());
        }
        if let Some(above) = &self.0.above {
            above.ensure_all()?;
            return self.ensure();
        }
        let made = self.open(Missing::MakeAll).map(|directory| self.keep(directory));
        made.map(drop).map_err(|error| self.explain(error))
    }

    /// Checks that it is there and as it should be.
    pub fn check(&self) -> anyhow::Result<()> {
        self.check_there().map_err(|error| self.explain(error))
    }

    /// The same for a directory that may not be there yet.
    pub fn check_if_there(&self) -> anyhow::Result<()> {
        match self.check_there() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|error| self.explain(error)),
        }
    }

    /// Whether it is there and as it should be.
    pub fn is_there(&self) -> bool {
        self.check_there().is_ok()
    }

    fn check_there(&self) -> io::Result<()> {
        if self.is_held() {
            return Ok(());
        }
        self.release();
        self.hold().map(drop)
    }

    fn explain(&self, error: io::Error) -> anyhow::Error {
        match Refusal::of(&error) {
            Some(Refusal { hint: Some(hint), .. }) => hinted(error.to_string(), hint.clone()),
            Some(refusal) => anyhow::anyhow!("{refusal}"),
            None => anyhow::Error::new(error).context(format!("could not use {self}")),
        }
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        self.with(directory::read_all)
    }

    /// At most `count` of the names in it, as [`directory::read_part`] does.
    pub fn names_from(&self, position: i64, count: usize) -> io::Result<(Vec<OsString>, i64)> {
        self.with(|directory| directory::read_part(directory, position, count))
    }

    /// Removes it if it is empty.
    pub fn remove(&self) -> io::Result<()> {
        self.release();
        let Some(above) = &self.0.above else { return std::fs::remove_dir(self.path()) };
        above.with(|above| Ok(unlinkat(above, self.name(), UnlinkatFlags::RemoveDir)?))
    }

    /// When something in it was made or removed last, in seconds since the epoch.
    pub fn modified(&self) -> io::Result<std::time::SystemTime> {
        self.with(|directory| Ok(stat::modified(&fstat(directory)?)))
    }
}

fn is_removed(directory: impl AsFd) -> bool {
    fstat(directory).is_ok_and(|found| found.st_nlink == 0)
}

impl fmt::Display for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(formatter)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(formatter)
    }
}

/// A directory of the tests, closed to others, and what removes it.
#[cfg(test)]
pub fn temporary() -> (tempfile::TempDir, Directory) {
    use std::os::unix::fs::PermissionsExt;

    let private = std::fs::Permissions::from_mode(0o700);
    let temporary = tempfile::Builder::new().permissions(private).tempdir().expect("a directory");
    let directory = Directory::at(temporary.path().to_owned());
    (temporary, directory)
}
