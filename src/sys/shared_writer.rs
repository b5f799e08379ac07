//! A stream that others have, too, written to without ever waiting: the flag for that belongs to all who share it
//! (`open(2)`, "open file descriptions"), so it is not set.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{SFlag, fstat};

use super::stat::kind;
use super::{fd, ready};

/// The writing end of somebody's pipe, socket or whatever else.
pub struct SharedWriter {
    fd: OwnedFd,
    way: Way,
}

/// How not to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By a flag of our own: a pipe can be opened a second time where there is `/proc`.
    Reopened,
    /// By a flag of each write (`send(2)`).
    EachTime,
    /// By asking first, and writing no more than surely has room.
    AskFirst,
}

impl SharedWriter {
    pub fn new(fd: OwnedFd) -> Self {
        match fstat(&fd).map(|found| kind(&found)) {
            Ok(SFlag::S_IFIFO) => match fd::reopen_nonblocking(fd.as_fd()) {
                Some(fd) => Self { fd, way: Way::Reopened },
                None => Self { fd, way: Way::AskFirst },
            },
            Ok(SFlag::S_IFSOCK) => Self { fd, way: Way::EachTime },
            _ => Self { fd, way: Way::AskFirst },
        }
    }

    /// Writes what there is room for.
    ///
    /// # Errors
    /// `EAGAIN` where that is nothing; as `write(2)`.
    pub fn write(&self, bytes: &[u8]) -> nix::Result<usize> {
        match self.way {
            Way::Reopened => nix::unistd::write(&self.fd, bytes),
            Way::EachTime => send(self.fd.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT),
            Way::AskFirst if !ready::is_writable(self.fd.as_fd()) => Err(Errno::EAGAIN),
            Way::AskFirst => nix::unistd::write(&self.fd, &bytes[..bytes.len().min(fd::SAFE_WRITE)]),
        }
    }
}

impl AsFd for SharedWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    fn waits(fd: impl AsFd) -> bool {
        let flags = fcntl(fd, FcntlArg::F_GETFL).expect("flags");
        !OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK)
    }

    #[test]
    fn a_full_pipe_or_socket_is_not_waited_for_and_whoever_shares_it_waits_as_before() {
        let (_reader, pipe) = fd::pipe().expect("a pipe");
        let (_other, socket) = UnixStream::pair().expect("a pair");
        for end in [OwnedFd::from(pipe), socket.into()] {
            let shared = end.try_clone().expect("a second descriptor");
            let writer = SharedWriter::new(end);
            let full = std::iter::repeat_with(|| writer.write(&[b'x'; 4096])).find_map(Result::err);
            assert_eq!(full, Some(Errno::EAGAIN), "{:?}", writer.way);
            assert!(waits(&shared), "{:?}", writer.way);
        }
    }
}
