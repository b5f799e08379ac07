//! Noticing that the other side of a pipe or socket has closed it, without reading from it or writing to it (`poll(2)`,
//! `POLLRDHUP`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::libc;
use nix::poll::PollFlags;

use crate::sys::ready;

/// A stream whose hang-up is waited for.
#[derive(Debug)]
pub struct HangUp {
    stream: OwnedFd,
    events: PollFlags,
}

#[allow(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
impl HangUp {
    /// Waits from now on for the hang-up of a stream that is read.
    pub fn of(stream: OwnedFd) -> io::Result<Self> {
        Ok(Self { stream, events: PollFlags::from_bits_retain(libc::POLLRDHUP) })
    }

    /// Waits from now on for the hang-up of a stream that is written to: that its reader has gone. Whether that one still
    /// writes does not matter.
    pub fn of_output(stream: OwnedFd) -> io::Result<Self> {
        Ok(Self { stream, events: PollFlags::empty() })
    }

    /// What to poll for; the hang-up of a pipe is reported unasked.
    pub fn events(&self) -> PollFlags {
        self.events
    }

    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Whether it has happened.
    pub fn has_happened(&self) -> bool {
        ready::is_ready_now(self.as_poll_fd(), self.events)
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

    #[test]
    fn only_the_end_of_its_reader_is_a_hang_up_of_an_output() {
        let (reader, writer) = fd::pipe().expect("a pipe");
        let stream = HangUp::of_output(writer.into()).expect("a stream");
        assert!(!stream.has_happened(), "room to write is none");
        drop(reader);
        while !stream.has_happened() {
            std::thread::yield_now();
        }
    }
}
