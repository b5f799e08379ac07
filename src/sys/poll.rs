//! Waiting for several things at once, without waking up in between (`poll(2)`).

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::handle::ProcessHandle;
use super::hangup::HangUp;

/// How often a process is looked at where the kernel cannot tell of its end.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Default)]
pub struct Watch<'fd> {
    fds: Vec<PollFd<'fd>>,
    limit: Option<Duration>,
}

/// The place of something in a [`Watch`]; `None` for what cannot be polled for.
pub type Place = Option<usize>;

pub struct Ready(Vec<PollFlags>);

#[allow(clippy::unnecessary_wraps, reason = "every way of waiting returns a place, and some have none")]
impl<'fd> Watch<'fd> {
    /// Waits until something can be read or the other side has hung up.
    pub fn readable(&mut self, fd: BorrowedFd<'fd>) -> Place {
        Some(self.add(fd, PollFlags::POLLIN))
    }

    /// Waits until something can be written.
    pub fn writable(&mut self, fd: BorrowedFd<'fd>) -> Place {
        Some(self.add(fd, PollFlags::POLLOUT))
    }

    /// Waits until the other side has hung up, whatever there is to read.
    pub fn hung_up(&mut self, stream: &'fd HangUp) -> Place {
        Some(self.add(stream.as_poll_fd(), stream.events()))
    }

    /// Waits until a process has ended, or looks again soon where that cannot be waited for.
    pub fn process(&mut self, process: &'fd ProcessHandle) -> Place {
        match process.as_poll_fd() {
            Some(fd) => self.readable(fd),
            None => {
                self.within(Some(LOOK_EVERY));
                None
            }
        }
    }

    /// Waits no longer than this.
    pub fn within(&mut self, limit: Option<Duration>) {
        self.limit = self.limit.into_iter().chain(limit).min();
    }

    pub fn wait(mut self) -> Ready {
        let timeout = match self.limit {
            // Rounded up: waking up a little early would only mean waiting again.
            Some(limit) => PollTimeout::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        let happened = poll(&mut self.fds, timeout).is_ok_and(|count| count > 0);
        let nothing = PollFlags::empty();
        Ready(self.fds.iter().map(|fd| if happened { fd.revents().unwrap_or(nothing) } else { nothing }).collect())
    }

    fn add(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) -> usize {
        self.fds.push(PollFd::new(fd, flags));
        self.fds.len() - 1
    }
}

impl Ready {
    /// Whether what was waited for in this place has happened, or can be asked for only by trying.
    pub fn has(&self, place: Place) -> bool {
        place.is_some_and(|place| self.0.get(place).is_some_and(|flags| !flags.is_empty()))
    }
}
