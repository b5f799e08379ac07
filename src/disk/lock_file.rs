//! A lock file for each port number (whose a port is while nothing is bound to it) and for each launcher (whose turn it is
//! to start).
//!
//! The holder of the lock removes the file, and a lock counts only while its file is the one that the path names. So nobody
//! holds a lock that the next one does not see.

use std::fmt::Display;
use std::fs::File;
use std::io;

use anyhow::{Context, Result};

use super::directory::Directory;
use super::file_at::FileAt;
use super::{file, known, lock};

/// The lock on a number or a name. One that is only dropped leaves its file, which nobody holds then: it may be dropped in
/// one of two processes that share it.
#[derive(Debug)]
pub struct LockFile {
    name: FileAt,
    file: File,
}

impl LockFile {
    /// The lock on a number or a name; `None` if another session has it.
    pub fn take(directory: &Directory, name: impl Display) -> Result<Option<Self>> {
        let name = directory.file(format!("{name}.lock"));
        let describe = || format!("could not lock {name}");
        loop {
            let mut opened = lock::open(&name);
            if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                directory.make_or_check()?;
                opened = lock::open(&name);
            }
            // Nothing is recorded there, so nobody's lock would be seen.
            if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotADirectory) {
                let file = File::open("/dev/null").with_context(describe)?;
                return Ok(Some(Self { name, file }));
            }
            let file = opened.with_context(describe)?;
            if !lock(&file).with_context(describe)? {
                return Ok(None);
            }
            if file::is_at(&name, &file) {
                return Ok(Some(Self { name, file }));
            }
            // Its holder has removed the file in between.
        }
    }

    /// Gives it back for others to take.
    pub fn give_back(self) {
        if file::is_at(&self.name, &self.file) {
            let _ = self.name.remove();
        }
        let _ = self.file.unlock();
    }
}

/// Locks a file, if nobody has it for longer than it takes to remove it ([`sweep`]).
fn lock(file: &File) -> io::Result<bool> {
    for _ in 0..3 {
        if lock::try_lock(file)? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    Ok(false)
}

/// Removes the lock files of supervisors that were killed.
pub fn sweep(directory: &Directory) {
    for name in directory.names().unwrap_or_default() {
        let Some(name) = name.to_str().filter(|name| is_lock(name)).map(|name| directory.file(name)) else { continue };
        if !lock::is_locked(&name)
            && let Ok(file) = lock::open(&name)
            && lock::try_lock(&file).unwrap_or(false)
        {
            LockFile { name, file }.give_back();
        }
    }
}

/// Whether it is the name of such a lock file.
fn is_lock(name: &str) -> bool {
    name.strip_suffix(".lock").is_some_and(|name| name.parse::<u16>().is_ok() || known::is_turn(name))
}

#[cfg(test)]
mod tests {
    use super::super::directory;
    use super::*;

    #[test]
    fn a_lock_that_nobody_holds_is_swept_and_one_that_is_held_is_not() {
        let (_temporary, directory) = directory::temporary();
        let take = |number| LockFile::take(&directory, number).expect("a lock file").expect("free");
        let (dead, alive) = (take(1), take(2));
        assert!(LockFile::take(&directory, 2).expect("a lock file").is_none());
        drop(dead);
        let left = directory.file("1.lock");
        assert!(left.is_there(), "only who gives a port back removes its lock");
        while left.is_there() {
            // A process that another test forks may hold a copy for a moment.
            sweep(&directory);
        }
        assert!(directory.file("2.lock").is_there());
        alive.give_back();
        assert_eq!(directory.names().expect("listed").len(), 0);
    }
}
