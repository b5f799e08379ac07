//! Noticing that the other side of a pipe or socket has closed it, without reading from it (`poll(2)`, `POLLRDHUP`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A stream whose hang-up is waited for.
#[derive(Debug)]
pub struct HangUp(OwnedFd);

impl HangUp {
    /// What to poll for; the hang-up of a pipe is reported unasked.
    pub const EVENTS: PollFlags = PollFlags::from_bits_retain(libc::POLLRDHUP);

    /// Waits for the hang-up of `stream` from now on.
    ///
    /// # Errors
    /// None here.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
    pub fn of(stream: OwnedFd) -> io::Result<Self> {
        Ok(Self(stream))
    }

    /// The descriptor to poll.
    #[must_use]
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Whether it has happened.
    #[must_use]
    pub fn has_happened(&self) -> bool {
        let mut fds = [PollFd::new(self.as_poll_fd(), Self::EVENTS)];
        matches!(poll(&mut fds, PollTimeout::ZERO), Ok(ready) if ready > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::fd;

    #[test]
    fn only_the_end_of_the_other_side_is_a_hang_up() {
        let (reader, writer) = fd::pipe().expect("a pipe");
        let stream = HangUp::of(reader.into()).expect("a stream");
        assert!(!stream.has_happened());
        nix::unistd::write(&writer, b"not read").expect("written");
        assert!(!stream.has_happened(), "something to read is none");
        drop(writer);
        // A process that another test forks may have a copy for a moment.
        while !stream.has_happened() {
            std::thread::yield_now();
        }
    }
}
