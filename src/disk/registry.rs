//! Roots that only a variable names, remembered where nobody needs one: a client that was not handed the variable finds
//! the session of its terminal by it, and `status --all` and `cleanup` all there is.
//!
//! One small file for each root, with the paths of its two directories. What stands there is checked like every root
//! before it is used, and proves nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::directory::Directory;
use super::file;
use super::file_at::FileAt;
use super::locations::{self, Location};

/// More roots than this are not remembered.
const MOST: usize = 64;

/// Remembers a root, unless it is found anyway or is remembered already. Only convenience: what cannot be written is not.
pub fn remember(location: &Location) {
    if locations::usual().contains(&location.runtime) {
        return;
    }
    let Some(directory) = directory() else { return };
    let file = directory.file(format!("{:016x}", fingerprint(&location.runtime)));
    // One call, most of the time; nothing is believed by it.
    if file.path().symlink_metadata().is_ok() || directory.ensure_all().is_err() {
        return;
    }
    let (there, gone): (Vec<_>, Vec<_>) =
        entries(&directory).into_iter().partition(|(_, known)| known.runtime.is_dir());
    for (file, _) in gone {
        let _ = file.remove();
    }
    if there.len() < MOST {
        let text = format!("{}\n{}\n", location.runtime.display(), location.logs.display());
        let _ = file::replace(&file, text.as_bytes());
    }
}

pub fn remembered() -> Vec<Location> {
    let entries = directory().map(|directory| entries(&directory)).unwrap_or_default();
    entries.into_iter().map(|(_, location)| location).collect()
}

fn directory() -> Option<Directory> {
    Some(Directory::at(locations::unnamed_state_directory().ok()?.join("roots")))
}

fn entries(directory: &Directory) -> Vec<(FileAt, Location)> {
    let (names, _) = directory.names_from(0, 2 * MOST).unwrap_or_default();
    names.into_iter().filter_map(|name| read(directory, name)).collect()
}

fn read(directory: &Directory, name: OsString) -> Option<(FileAt, Location)> {
    let file = directory.file(name.into_string().ok()?);
    let text = String::from_utf8(file::read(&file).ok()??).ok()?;
    Some((file, parse(&text)?))
}

fn parse(text: &str) -> Option<Location> {
    let mut lines = text.lines().map(PathBuf::from).filter(|path| locations::check_text(path).is_ok());
    Some(Location { runtime: lines.next()?, logs: lines.next()? })
}

/// FNV-1a.
fn fingerprint(path: &Path) -> u64 {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pair_of_absolute_paths_is_not_believed() {
        let location = Location { runtime: "/a/run".into(), logs: "/a/logs".into() };
        assert_eq!(parse("/a/run\n/a/logs\n"), Some(location));
        for bad in ["", "/a/run\n", "relative\n/a/logs\n", "/a/run\nlogs\n", "/a\u{7}\n/b\n"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
