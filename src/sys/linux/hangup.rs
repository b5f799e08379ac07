//! Noticing that the other side of a pipe or socket has closed it, without reading from it (`poll(2)`, `POLLRDHUP`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::libc;
use nix::poll::PollFlags;

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
    pub fn of(stream: OwnedFd) -> io::Result<Self> {
        Ok(Self(stream))
    }

    /// The descriptor to poll.
    #[must_use]
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Whether it has happened, asked when the descriptor is ready: nothing else makes it so.
    #[must_use]
    pub fn has_happened(&self) -> bool {
        true
    }
}
