//! Names in directories of ours: everything is done relative to the directory, and no link is followed.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, UtimensatFlags, fstatat, utimensat};
use nix::sys::time::TimeSpec;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::Directory;
use crate::sys::stat;

/// A name in a directory of ours.
#[derive(Clone)]
pub struct FileAt {
    /// Where it is.
    pub directory: Directory,
    pub name: String,
}

impl Directory {
    pub fn file(&self, name: impl Into<String>) -> FileAt {
        FileAt { directory: self.clone(), name: name.into() }
    }
}

impl FileAt {
    /// Where it is, for messages and for other programs.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join(&self.name)
    }

    pub fn is_there(&self) -> bool {
        self.look().is_ok()
    }

    pub fn is_link(&self) -> bool {
        self.look().is_ok_and(|found| stat::kind(&found) == SFlag::S_IFLNK)
    }

    pub fn beside(&self, name: impl Into<String>) -> Self {
        self.directory.file(name)
    }

    /// What there is of this name; a link itself, not what it leads to.
    pub fn look(&self) -> io::Result<FileStat> {
        self.directory.with(|directory| Ok(fstatat(directory, self.name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?))
    }

    /// Sets when it was written last, in seconds since the epoch (`utimensat(2)`).
    pub fn date(&self, seconds: i64) -> io::Result<()> {
        let time = TimeSpec::new(seconds, 0);
        let flags = UtimensatFlags::NoFollowSymlink;
        self.directory.with(|directory| Ok(utimensat(directory, self.name.as_str(), &time, &time, flags)?))
    }

    pub fn rename(&self, name: &str) -> io::Result<()> {
        self.directory.with(|directory| Ok(renameat(directory, self.name.as_str(), directory, name)?))
    }

    pub fn remove(&self) -> io::Result<()> {
        self.directory.with(|directory| Ok(unlinkat(directory, self.name.as_str(), UnlinkatFlags::NoRemoveDir)?))
    }

    /// Opens it, made with mode 0600 if the flags say so. A link is not followed, and nothing is waited for; what was
    /// opened is for the caller to look at.
    pub fn open(&self, flags: OFlag) -> io::Result<File> {
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let open = |directory: BorrowedFd<'_>| Ok(openat(directory, self.name.as_str(), flags, mode)?);
        self.directory.with(open).map(File::from).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ELOOP) => io::Error::other("it is a symbolic link"),
            // A pipe that nobody reads.
            Some(Errno::ENXIO) => io::Error::other("it is not a regular file"),
            _ => error,
        })
    }
}

impl fmt::Display for FileAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(formatter)
    }
}

impl fmt::Debug for FileAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(formatter)
    }
}
