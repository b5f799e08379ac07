//! Noticing that the other side of a pipe or socket has closed it, without reading from it or writing to it (`kqueue(2)`,
//! `EVFILT_READ`, `EVFILT_WRITE`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::libc::timespec;
use nix::poll::PollFlags;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};

/// A stream whose hang-up is waited for.
#[derive(Debug)]
pub struct HangUp {
    _stream: OwnedFd,
    queue: Kqueue,
}

impl HangUp {
    /// Waits from now on for the hang-up of a stream that is read. To be called in the process that waits: kqueues are not
    /// inherited.
    ///
    /// # Errors
    /// When the stream is none that hangs up.
    pub fn of(stream: OwnedFd) -> io::Result<Self> {
        Self::on(stream, EventFilter::EVFILT_READ)
    }

    /// Waits from now on for the hang-up of a stream that is written to: that its reader has gone. To be called in the process
    /// that waits.
    ///
    /// # Errors
    /// When the stream is none that hangs up.
    pub fn of_output(stream: OwnedFd) -> io::Result<Self> {
        Self::on(stream, EventFilter::EVFILT_WRITE)
    }

    /// What to poll for.
    pub fn events(&self) -> PollFlags {
        PollFlags::POLLIN
    }

    fn on(stream: OwnedFd, filter: EventFilter) -> io::Result<Self> {
        crate::failpoint::fail_io("hang-up")?;
        let queue = Kqueue::new()?;
        let number = usize::try_from(stream.as_raw_fd()).map_err(io::Error::other)?;
        // Told once for each change (EV_CLEAR), and of data only when the pipe is full (NOTE_LOWAT).
        let end = KEvent::new(number, filter, EvFlags::EV_ADD | EvFlags::EV_CLEAR, FilterFlag::NOTE_LOWAT, MANY, 0);
        queue.kevent(&[end], &mut [], None)?;
        Ok(Self { _stream: stream, queue })
    }

    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }

    /// Whether it has happened, asked when the descriptor is ready.
    pub fn has_happened(&self) -> bool {
        let mut events = [KEvent::new(0, EventFilter::EVFILT_READ, EvFlags::empty(), FilterFlag::empty(), 0, 0)];
        let at_once = timespec { tv_sec: 0, tv_nsec: 0 };
        let fetched = self.queue.kevent(&[], &mut events, Some(at_once));
        fetched.is_ok_and(|count| count > 0) && events[0].flags().contains(EvFlags::EV_EOF)
    }
}

/// More than a pipe holds; the kernel takes the pipe's size then.
const MANY: isize = 1 << 30;
