//! Reading a part of a directory: one with ten thousand entries must not cost more than one with ten.

use std::ffi::OsString;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

pub use platform::SEARCH;

/// Opens a directory if no step of its path is a symbolic link (`openat2(2)`).
///
/// # Errors
/// As `open(2)`; `ELOOP` for a link, `ENOSYS` where there is no such call.
pub fn open_without_links(path: &Path) -> nix::Result<OwnedFd> {
    platform::open_without_links(path)
}

/// Reads at most `count` names of `directory`, beginning at `position` (0, or what an earlier call returned; another
/// number reads from somewhere or nowhere, but does no harm). Returns the names and the position behind them, 0 at the
/// end. Positions are cookies of the file system (`readdir(3)`, `d_off`); where they are not to be had (macOS), every
/// call begins in front.
pub fn read_part(directory: BorrowedFd<'_>, position: i64, count: usize) -> io::Result<(Vec<OsString>, i64)> {
    platform::read_part(directory, position, count)
}

pub fn read_all(directory: BorrowedFd<'_>) -> io::Result<Vec<OsString>> {
    platform::read_part(directory, 0, usize::MAX).map(|(names, _)| names)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::OsString;
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
    use std::os::unix::ffi::OsStringExt;
    use std::path::Path;

    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
    use nix::libc;
    use nix::unistd::{Whence, lseek};

    /// How a directory is opened to look up names in it: that it may be entered is enough.
    pub const SEARCH: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY);

    /// Room for a few entries only: the C library would have the kernel list a thousand to hand out four.
    const LITTLE_ROOM: usize = 512;
    const ROOM: usize = 32 << 10;
    /// Where the fields of an entry are (`getdents64(2)`): the cookie, the entry's length, the name.
    const COOKIE: usize = 8;
    const LENGTH: usize = 16;
    const NAME: usize = 19;

    pub fn open_without_links(path: &Path) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        openat2(AT_FDCWD, path, OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS))
    }

    pub fn read_part(directory: BorrowedFd<'_>, position: i64, count: usize) -> io::Result<(Vec<OsString>, i64)> {
        let mut buffer = Vec::with_capacity(if count == usize::MAX { ROOM } else { LITTLE_ROOM });
        // A cookie that means nothing any more is refused or leads to the end.
        let _ = lseek(directory, position, Whence::SeekSet);
        let mut names = Vec::new();
        let mut next = position;
        loop {
            // What cannot be read from here is read from the front next time.
            let mut rest = match entries(directory, &mut buffer) {
                Err(error) if position == 0 => return Err(error),
                read => read.unwrap_or_default(),
            };
            if rest.is_empty() {
                return Ok((names, 0));
            }
            while let Some((name, cookie, following)) = split(rest) {
                if names.len() == count {
                    return Ok((names, next));
                }
                (rest, next) = (following, cookie);
                if name != b"." && name != b".." {
                    names.push(OsString::from_vec(name.to_vec()));
                }
            }
        }
    }

    /// Fills the buffer with as many entries as it has room for.
    fn entries<'buffer>(directory: BorrowedFd<'_>, buffer: &'buffer mut Vec<u8>) -> io::Result<&'buffer [u8]> {
        let (to, room) = (buffer.as_mut_ptr(), buffer.capacity());
        // SAFETY: the kernel writes at most `room` bytes to the buffer, which has that many.
        let length = unsafe { libc::syscall(libc::SYS_getdents64, directory.as_raw_fd(), to, room) };
        let length = usize::try_from(Errno::result(length)?).unwrap_or_default();
        // SAFETY: so many bytes the kernel has written.
        unsafe { buffer.set_len(length) };
        Ok(buffer)
    }

    /// The first entry's name and cookie, and what follows it.
    fn split(entries: &[u8]) -> Option<(&[u8], i64, &[u8])> {
        let cookie = i64::from_ne_bytes(entries.get(COOKIE..COOKIE + 8)?.try_into().ok()?);
        let length = u16::from_ne_bytes(entries.get(LENGTH..LENGTH + 2)?.try_into().ok()?);
        let (entry, following) = entries.split_at_checked(length.into())?;
        let name = entry.get(NAME..)?.split(|&byte| byte == 0).next()?;
        Some((name, cookie, following))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::ffi::{OsStr, OsString};
    use std::io;
    use std::os::fd::{BorrowedFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use nix::dir::Dir;
    use nix::errno::Errno;
    use nix::fcntl::OFlag;
    use nix::sys::stat::Mode;

    /// How a directory is opened to look up names in it.
    pub const SEARCH: OFlag = OFlag::O_DIRECTORY;

    pub fn open_without_links(_: &Path) -> nix::Result<OwnedFd> {
        Err(Errno::ENOSYS)
    }

    pub fn read_part(directory: BorrowedFd<'_>, _: i64, count: usize) -> io::Result<(Vec<OsString>, i64)> {
        let mut listing = Dir::openat(directory, ".", OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let names = listing.iter().flatten().map(|entry| entry.file_name().to_bytes().to_vec());
        let names = names.filter(|name| name != b"." && name != b"..").take(count);
        Ok((names.map(|name| OsStr::from_bytes(&name).to_owned()).collect(), 0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn the_parts_together_are_the_whole_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        for number in 0..100 {
            File::create(directory.path().join(number.to_string())).expect("a file");
        }
        let open = File::open(directory.path()).expect("opened");
        let mut seen = HashSet::new();
        let mut position = 0;
        for _ in 0..1000 {
            let (names, next) = read_part(open.as_fd(), position, 7).expect("read");
            assert!(names.len() <= 7);
            seen.extend(names);
            position = next;
            if position == 0 {
                break;
            }
        }
        if cfg!(target_os = "linux") {
            assert_eq!(seen.len(), 100);
            assert_eq!(read_all(open.as_fd()).expect("read").len(), 100);
        }
        assert!(read_part(open.as_fd(), 123_456_789, 7).is_ok(), "a bad position does no harm");
    }
}
