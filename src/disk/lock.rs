//! Locks of ours (`flock(2)`): looked at, taken, and waited for, but not for ever.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::fcntl::OFlag;

use super::file;
use super::file_at::FileAt;
use crate::context;
use crate::failure::hinted;
use crate::sys::{locks, process, ready};

/// Nobody who edits a file takes this long.
const PATIENCE: Duration = Duration::from_secs(5);
/// Asking whether a lock is held ([`is_locked`]) shares it for an instant. Whoever shares it for longer than this holds it.
const A_LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether the lock is free.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes a lock, and waits a while for it.
///
/// # Errors
/// When the lock file cannot be opened, or somebody does not let go of it.
pub fn wait(name: &FileAt) -> Result<File> {
    let describe = || format!("could not lock {name}");
    let file = open(name).with_context(describe)?;
    let deadline = context::now() + PATIENCE;
    while !try_lock(&file).with_context(describe)? {
        if context::now() >= deadline {
            let message = format!("{}: {} has it", describe(), holder(&file));
            return Err(hinted(message, "end it, or try again when it is done"));
        }
        ready::pause(PAUSE);
    }
    Ok(file)
}

/// Who has the lock, as far as the system tells.
pub fn holder(file: &File) -> String {
    match locks::holder(file) {
        Some(pid) => format!("the process {pid} ({})", process::name(pid)),
        None => "another process".to_owned(),
    }
}

/// Opens a lock file of ours, made if need be. The lock itself is `flock(2)`, taken with [`try_lock`].
pub fn open(file: &FileAt) -> io::Result<File> {
    file::open(file, OFlag::O_RDWR | OFlag::O_CREAT).map(|(file, _)| file)
}

/// Takes the lock; false if somebody has it.
pub fn try_lock(file: &File) -> io::Result<bool> {
    let mut deadline = None;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        match file.try_lock_shared() {
            Ok(()) => file.unlock()?,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => return Ok(false),
        }
        if context::now() > *deadline.get_or_insert_with(|| context::now() + A_LOOK) {
            return Ok(false);
        }
        std::thread::yield_now();
    }
}

/// Writes into a lock file whose it is, for those who cannot read it anywhere else.
pub fn sign(lock: &File, whose: &str) -> io::Result<()> {
    let line = format!("{whose}\n");
    lock.set_len(line.len() as u64)?;
    lock.write_all_at(line.as_bytes(), 0)
}

/// Whether somebody may hold the lock on this file. One that is not there is not locked; one that cannot be tried might be.
pub fn is_locked(file: &FileAt) -> bool {
    match file.open(OFlag::O_RDONLY) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => false,
            _ => !file.is_link(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory;
    use super::*;

    #[test]
    fn a_lock_that_somebody_shares_for_long_is_held_and_nobody_waits_for_it_for_ever() {
        let (_temporary, directory) = directory::temporary();
        let open = || super::open(&directory.file("lock")).expect("a lock file");
        let (mine, theirs) = (open(), open());
        theirs.lock_shared().expect("shared");
        assert!(!try_lock(&mine).expect("tried"));
        theirs.unlock().expect("let go");
        assert!(try_lock(&mine).expect("tried"));
        assert!(is_locked(&directory.file("lock")));
    }
}
