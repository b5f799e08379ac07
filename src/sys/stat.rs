//! What `stat(2)` says of a file (`inode(7)`).

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::libc::{dev_t, ino_t};
use nix::sys::stat::{FileStat, SFlag, fstat, stat};

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: dev_t,
    inode: ino_t,
}

impl FileId {
    pub fn of(found: &FileStat) -> Self {
        Self { device: found.st_dev, inode: found.st_ino }
    }

    pub fn of_open(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::of(&fstat(file)?))
    }

    /// The file at a path, links followed.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&stat(path)?))
    }
}

/// What kind of file it is.
pub fn kind(found: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(found.st_mode & SFlag::S_IFMT.bits())
}

pub fn is_regular(found: &FileStat) -> bool {
    kind(found) == SFlag::S_IFREG
}

/// When it was written to last.
pub fn modified(found: &FileStat) -> SystemTime {
    let part = Duration::from_nanos(found.st_mtime_nsec.unsigned_abs());
    let whole = Duration::from_secs(found.st_mtime.unsigned_abs());
    if found.st_mtime < 0 { UNIX_EPOCH - whole + part } else { UNIX_EPOCH + whole + part }
}

/// What it takes on the disk, in bytes: holes take nothing, however long they are.
pub fn size_on_disk(found: &FileStat) -> u64 {
    u64::try_from(found.st_blocks).unwrap_or_default().saturating_mul(512)
}
