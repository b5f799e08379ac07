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
    let files = files(path);
    for (number, file) in (0..MOST).zip(&files).rev() {
        let _ = if number >= keep { fs::remove_file(file) } else { fs::rename(file, numbered(path, number + 1)) };
    }
}

/// `path` and what was put aside of it, newest first, as far as it is there without a gap.
#[must_use]
pub fn files(path: &Path) -> Vec<PathBuf> {
    let aside = (1..MOST).map(|number| numbered(path, number)).take_while(|path| path.exists());
    std::iter::once(path.to_owned()).chain(aside).collect()
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
