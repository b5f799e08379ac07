//! Small files: written whole or not at all, read only if they are ours.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use nix::fcntl::OFlag;

use crate::context;
use crate::failpoint;

/// Records and pid files are far smaller; what is larger is not ours.
const LARGEST: u64 = 1 << 20;

/// Writes `content` to a temporary file beside `path` and renames it: readers see the old or the new, mode 0600.
///
/// Not synced to the disk: everything that is written so describes processes, which do not survive a crash of the
/// machine either; a record of another boot is ignored, an empty one is refused.
///
/// # Errors
/// As `open(2)`, `write(2)` and `rename(2)`; then `path` is as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, |temporary| write_new(temporary, content).map(drop))
}

/// The same for a file that people keep, and its mode: it is on the disk before it takes the place of the old one.
///
/// # Errors
/// As [`replace`], `fchmod(2)` and `fsync(2)`; then `path` is as it was.
pub fn replace_for_good(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace_with(path, |temporary| {
        let file = write_new(temporary, content)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()
    })
}

fn replace_with(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), nix::unistd::Pid::this()));
    let result = write(&temporary).and_then(|()| {
        failpoint::kill("before-rename");
        fs::rename(&temporary, path)
    });
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    failpoint::kill("after-rename");
    result
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match open() {
        // Left by a process of the same number that was killed in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(path).and_then(|()| open()),
        other => other,
    }?;
    file.write_all(content)?;
    Ok(file)
}

/// Reads a file that must be regular, ours and small; a symbolic link is not followed. `None` if there is none.
///
/// # Errors
/// When it is anything else, named in the message.
pub fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let describe = || format!("could not read {}", path.display());
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) => {
            bail!("{}: it is a symbolic link", describe())
        }
        other => other.with_context(describe)?,
    };
    let data = file.metadata().with_context(describe)?;
    ensure!(data.is_file(), "{}: it is not a regular file", describe());
    ensure!(data.uid() == context::user(), "{}: it belongs to user {}", describe(), data.uid());
    ensure!(data.len() <= LARGEST, "{}: it has {} bytes, more than {LARGEST}", describe(), data.len());
    // One byte more than there is: a shorter answer says that this was all.
    let mut content = vec![0; usize::try_from(data.len()).unwrap_or_default() + 1];
    let length = (&file).read(&mut content).with_context(describe)?;
    let is_whole = length < content.len();
    content.truncate(length);
    if !is_whole {
        file.take(LARGEST).read_to_end(&mut content).with_context(describe)?;
    }
    Ok(Some(content))
}

/// Whether an error says that a file is not there.
#[must_use]
pub fn is_missing(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound))
}

/// Makes a directory with mode 0700; one that exists already is an error (`AlreadyExists`).
///
/// # Errors
/// As `mkdir(2)`.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Makes a directory with mode 0700 unless it is there; what is there must be ours alone.
///
/// # Errors
/// When it is a link, not a directory, another user's, or open to others.
pub fn ensure_directory(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_or_check_directory(path),
        found => check_found(path, found),
    }
}

/// The same with fewer calls where the directory is expected not to be there.
///
/// # Errors
/// As [`ensure_directory`].
pub fn make_or_check_directory(path: &Path) -> anyhow::Result<()> {
    match make_directory(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_directory(path),
        result => result.with_context(|| format!("could not create {}", path.display())),
    }
}

/// The same as [`check_directory`] for a directory that may not be there yet.
///
/// # Errors
/// As [`check_directory`].
pub fn check_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        found => check_found(path, found),
    }
}

/// Checks that a directory is a directory, ours, and closed to others.
///
/// # Errors
/// What is wrong with it, and the way out where there is a simple one.
pub fn check_directory(path: &Path) -> anyhow::Result<()> {
    check_found(path, fs::symlink_metadata(path))
}

fn check_found(path: &Path, found: io::Result<Metadata>) -> anyhow::Result<()> {
    let refuse = || format!("could not use {}", path.display());
    let data = found.with_context(refuse)?;
    ensure!(!data.file_type().is_symlink(), "{}: it is a symbolic link", refuse());
    ensure!(data.is_dir(), "{}: it is not a directory", refuse());
    ensure!(data.uid() == context::user(), "{}: it belongs to user {}", refuse(), data.uid());
    if data.mode() & 0o077 != 0 {
        let message = format!("{}: others may enter it (mode {:04o})", refuse(), data.mode() & 0o7777);
        return Err(crate::failure::hinted(message, format!("chmod 700 {}", path.display())));
    }
    Ok(())
}

/// Opens a lock file, mode 0600, made if need be; a symbolic link is not followed, a pipe not waited for. The lock
/// itself is `flock(2)`, taken with [`try_lock`].
///
/// # Errors
/// As `open(2)`.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

/// Takes the lock, if nobody has it; false if somebody does. Whoever only looks ([`is_locked`]) shares the lock for a
/// moment and does not count.
///
/// # Errors
/// As `flock(2)`.
pub fn try_lock(file: &File) -> io::Result<bool> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        match file.try_lock_shared() {
            // Only lookers have it, for as long as a system call takes: they cannot keep us from it for ever.
            Ok(()) => file.unlock()?,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => return Ok(false),
        }
    }
}

/// Whether both are open on the same file.
#[must_use]
pub fn is_same(one: &File, other: &File) -> bool {
    let number = |file: &File| file.metadata().map(|data| (data.dev(), data.ino())).ok();
    number(one).is_some_and(|one| Some(one) == number(other))
}

/// Whether somebody may hold the lock on this file. One that is not there is not locked; one that cannot be tried might be.
#[must_use]
pub fn is_locked(path: &Path) -> bool {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => {
            let is_link = error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32);
            !is_link && !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.json");
        replace(&path, b"one").expect("written");
        replace(&path, b"two").expect("replaced");
        assert_eq!(read(&path).expect("read").expect("there"), b"two");
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 1, "a temporary file was left");
    }

    #[test]
    fn links_pipes_and_large_files_are_refused_with_their_path() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        symlink("/etc/passwd", at("link")).expect("a link");
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        File::create(at("large")).expect("a file").set_len(LARGEST + 1).expect("grown");
        for (name, why) in [("link", "symbolic link"), ("pipe", "not a regular file"), ("large", "more than")] {
            let message = format!("{:#}", read(&at(name)).expect_err("refused"));
            assert!(message.contains(why) && message.contains(name), "{message}");
        }
        assert_eq!(read(&at("nothing")).expect("no error"), None);
    }

    #[test]
    fn directories_that_others_may_enter_are_refused_with_a_hint() {
        let directory = tempfile::tempdir().expect("a directory");
        let open = directory.path().join("open");
        fs::create_dir(&open).expect("made");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("opened");
        let error = ensure_directory(&open).expect_err("refused");
        assert!(error.to_string().contains("mode 0755"), "{error}");
        assert!(crate::failure::hint_of(&error).is_some_and(|hint| hint.starts_with("chmod 700 ")));
    }
}
