//! Logs that have grown are put aside: `NAME.log` becomes `NAME.log.1`, which was `NAME.log.2` next, and so on.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// No log is kept in this many files.
const MOST: u32 = 1000;

/// The file that was put aside `number` times.
#[must_use]
pub fn numbered(path: &Path, number: u32) -> PathBuf {
    PathBuf::from(format!("{}.{number}", path.display()))
}

/// Renames the files so that `path` is free; `keep` files stay beside it, older ones are removed.
pub fn put_aside(path: &Path, keep: u32) {
    for number in numbers(path).into_iter().rev() {
        let file = numbered(path, number);
        let _ = if number >= keep { fs::remove_file(file) } else { fs::rename(file, numbered(path, number + 1)) };
    }
    let _ = if keep == 0 { fs::remove_file(path) } else { fs::rename(path, numbered(path, 1)) };
}

/// `path` and what was put aside of it, newest first.
#[must_use]
pub fn files(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_owned()).chain(numbers(path).into_iter().map(|number| numbered(path, number))).collect()
}

/// Which numbers there are. While files are renamed one of them is missing.
fn numbers(path: &Path) -> Vec<u32> {
    let exists = |number: u32| numbered(path, number).symlink_metadata().is_ok();
    let mut numbers = Vec::new();
    for number in 1..MOST {
        if exists(number) {
            numbers.push(number);
        } else if numbers.last().is_none_or(|&last| last + 1 < number) && number > 1 {
            break;
        }
    }
    numbers
}

/// The length of a file in bytes; what is not there has none.
#[must_use]
pub fn length(path: &Path) -> u64 {
    fs::symlink_metadata(path).map_or(0, |data| data.len())
}

/// Opens a log for appending and for looking at its end, made with mode 0600; a symbolic link is refused.
///
/// # Errors
/// As `open(2)`, or when it is no regular file.
pub fn open_shared(path: &Path) -> io::Result<File> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}
