//! Whose a port is while nothing is bound to it: a lock file per number.
//!
//! A lock file is removed by whoever holds the lock, and a lock counts only while its file is the one that the path
//! names: so nobody ever holds a lock that the next one does not see.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::disk::file;

/// The lock on a number. One that is only dropped leaves its file, which is nobody's then: so it does no harm where it
/// is dropped in one of two processes that share it.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    file: File,
}

impl Claim {
    /// The claim on a number, `None` if another session has it.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn take(directory: &Path, number: u16) -> Result<Option<Self>> {
        let path = directory.join(format!("{number}.lock"));
        let describe = || format!("could not lock {}", path.display());
        loop {
            let file = match file::open_lock(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    file::make_or_check_directory(directory)?;
                    file::open_lock(&path)
                }
                other => other,
            };
            let file = file.with_context(describe)?;
            if !lock(&file).with_context(describe)? {
                return Ok(None);
            }
            if is_at(&path, &file) {
                return Ok(Some(Self { path, file }));
            }
            // Whoever had it has removed the file in between.
        }
    }

    /// Gives it back for others to take.
    pub fn give_back(self) {
        if is_at(&self.path, &self.file) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

/// Locks a file, if nobody has it for longer than it takes to remove it ([`sweep`]).
fn lock(file: &File) -> io::Result<bool> {
    for _ in 0..3 {
        if file::try_lock(file)? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    Ok(false)
}

/// Whether `path` names the file that is open.
fn is_at(path: &Path, file: &File) -> bool {
    let number = |data: fs::Metadata| (data.dev(), data.ino());
    let there = fs::symlink_metadata(path).map(number).ok();
    there.is_some() && there == file.metadata().map(number).ok()
}

/// Removes the lock files of supervisors that were killed.
pub fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "lock")
            && !file::is_locked(&path)
            && let Ok(file) = file::open_lock(&path)
            && file::try_lock(&file).unwrap_or(false)
        {
            Claim { path, file }.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_nobody_holds_is_swept_and_one_that_is_held_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let take = |number| Claim::take(directory.path(), number).expect("a lock file").expect("free");
        let (dead, alive) = (take(1), take(2));
        assert!(Claim::take(directory.path(), 2).expect("a lock file").is_none());
        drop(dead);
        let left = directory.path().join("1.lock");
        assert!(left.exists(), "only who gives a port back removes its lock");
        while left.exists() {
            // A process that another test forks may hold a copy for a moment.
            sweep(directory.path());
        }
        assert!(directory.path().join("2.lock").exists());
        alive.give_back();
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 0);
    }
}
