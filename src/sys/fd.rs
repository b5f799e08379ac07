//! Descriptors: none is handed on by accident, none is kept by a process that has no use for it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::stat::{SFlag, fstat};

use super::stat::kind;

/// How much may be written to a pipe that is ready without waiting (`PIPE_BUF`, `pipe(7)`): POSIX grants 512 bytes.
pub const SAFE_WRITE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// Closes every descriptor but 0, 1 and 2. To be called before this process has opened any of its own: shells and
/// clients leak theirs, and a keeper that held one would keep a pipe open for as long as a server lives.
pub fn close_inherited() {
    #[cfg(target_os = "linux")]
    // SAFETY: this process has opened nothing yet (the caller's duty), so nobody owns these descriptors.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    for descriptor in inherited() {
        // SAFETY: this process has opened nothing yet (the caller's duty), so nobody owns these descriptors.
        unsafe { libc::close(descriptor) };
    }
}

fn inherited() -> Vec<i32> {
    let listing = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let Ok(entries) = std::fs::read_dir(listing) else { return Vec::new() };
    // The list contains the descriptor of the listing itself, which is closed before the list is used: harmless.
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&descriptor| descriptor > 2)
        .collect()
}

/// Makes standard input, output or error (`target` 0 to 2) the same as `source`.
pub fn replace_standard(target: i32, source: impl AsFd) -> nix::Result<()> {
    assert!((0..=2).contains(&target), "only standard streams are replaced");
    // SAFETY: 0 to 2 are open for the life of the process and owned by nobody in particular; dup2 replaces in one step.
    Errno::result(unsafe { libc::dup2(source.as_fd().as_raw_fd(), target) }).map(drop)
}

/// Turns standard input, output and error into `/dev/null`. What cannot be replaced stays.
pub fn silence_standard() {
    if let Ok(null) = null() {
        for target in 0..=2 {
            let _ = replace_standard(target, &null);
        }
    }
}

/// A pipe, both ends close-on-exec: (to read from, to write to).
pub fn pipe() -> io::Result<(File, File)> {
    let (reader, writer) = io::pipe()?;
    Ok((File::from(OwnedFd::from(reader)), File::from(OwnedFd::from(writer))))
}

/// Makes sure that standard streams exist: a descriptor that is opened later must not become one by accident.
pub fn fill_standard() {
    // SAFETY: the call takes two integers; a descriptor that is none is refused.
    if (0..=2).all(|descriptor| unsafe { libc::fcntl(descriptor, libc::F_GETFD) } >= 0) {
        return;
    }
    while let Ok(null) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        if null.as_raw_fd() > 2 {
            break;
        }
        std::mem::forget(null);
    }
}

/// `/dev/null`, for reading and writing.
pub fn null() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/null")
}

/// Reads and writes on this description return `WouldBlock` instead of waiting. Only for descriptions of our own:
/// the flag is shared with everybody who holds the same one.
pub fn make_nonblocking(descriptor: impl AsFd) -> nix::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&descriptor, FcntlArg::F_GETFL)?);
    fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).map(drop)
}

/// A description of the same pipe, for writing, that does not wait and is ours alone.
pub fn reopen_nonblocking(pipe: BorrowedFd<'_>) -> Option<OwnedFd> {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let file = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path);
    file.ok().map(OwnedFd::from)
}

/// A second descriptor for the same thing, close-on-exec and above the standard ones.
pub fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    descriptor.try_clone_to_owned()
}

/// Whether a descriptor is one end of a pipe or socket.
pub fn has_other_end(descriptor: impl AsFd) -> bool {
    fstat(descriptor).is_ok_and(|found| matches!(kind(&found), SFlag::S_IFIFO | SFlag::S_IFSOCK))
}

/// Whether a descriptor is closed when a program is executed.
#[cfg(test)]
pub fn is_close_on_exec(descriptor: impl AsFd) -> bool {
    fcntl(descriptor, FcntlArg::F_GETFD).is_ok_and(|flags| flags & nix::libc::FD_CLOEXEC != 0)
}

/// Random bits from the kernel.
pub fn random() -> io::Result<u64> {
    let mut bytes = [0; 8];
    #[cfg(target_os = "linux")]
    // SAFETY: getrandom writes at most as many bytes as it is told the buffer has.
    if unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) } == 8 {
        return Ok(u64::from_ne_bytes(bytes));
    }
    io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_closed_on_exec() {
        let (reader, writer) = pipe().expect("a pipe");
        assert!(is_close_on_exec(&reader) && is_close_on_exec(&writer));
        assert!(is_close_on_exec(duplicate(reader.as_fd()).expect("a duplicate")));
    }
}
