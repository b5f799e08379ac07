//! Reading a part of a directory: one with ten thousand entries must not cost more than one with ten.

use std::ffi::{CStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::libc;
use nix::unistd::{Whence, lseek};

/// Reads at most `count` names of `directory`, beginning at `position` (0, or what an earlier call returned; another
/// number reads from somewhere or nowhere, but does no harm). Returns the names and the position behind them, 0 at the
/// end. Positions are cookies of the file system (`readdir(3)`, `d_off`); where they are not to be had (macOS), every
/// call begins in front.
///
/// # Errors
/// When the directory cannot be opened.
pub fn read_part(directory: &Path, position: i64, count: usize) -> io::Result<(Vec<OsString>, i64)> {
    let file = File::open(directory)?;
    if cfg!(target_os = "linux") {
        // A cookie that means nothing any more is refused or leads to the end.
        let _ = lseek(&file, position, Whence::SeekSet);
    }
    // SAFETY: the descriptor is ours and is handed over to the stream, which closes it.
    let stream = unsafe { libc::fdopendir(file.into_raw_fd()) };
    if stream.is_null() {
        return Err(io::Error::last_os_error());
    }
    let mut names = Vec::new();
    let mut next = 0;
    while names.len() < count {
        // SAFETY: the stream is open; the entry is valid until the next call on the stream.
        let Some(entry) = (unsafe { libc::readdir(stream).as_ref() }) else {
            next = 0;
            break;
        };
        // SAFETY: the kernel ends every name with a NUL.
        let name = unsafe { CStr::from_ptr(entry.d_name.as_ptr()) }.to_bytes();
        next = cookie(entry);
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name.to_vec()));
        }
    }
    // SAFETY: the stream is open and not used after this.
    unsafe { libc::closedir(stream) };
    Ok((names, next))
}

#[cfg(target_os = "linux")]
fn cookie(entry: &libc::dirent) -> i64 {
    entry.d_off
}

#[cfg(not(target_os = "linux"))]
fn cookie(_: &libc::dirent) -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_parts_together_are_the_whole_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        for number in 0..100 {
            File::create(directory.path().join(number.to_string())).expect("a file");
        }
        let mut seen = HashSet::new();
        let mut position = 0;
        for _ in 0..1000 {
            let (names, next) = read_part(directory.path(), position, 7).expect("read");
            assert!(names.len() <= 7);
            seen.extend(names);
            position = next;
            if position == 0 {
                break;
            }
        }
        if cfg!(target_os = "linux") {
            assert_eq!(seen.len(), 100);
        }
        assert!(read_part(directory.path(), 123_456_789, 7).is_ok(), "a bad position does no harm");
    }
}
