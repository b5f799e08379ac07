//! Waiting until something in a directory changes (`inotify(7)`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

pub struct Follower {
    inotify: Inotify,
}

impl Follower {
    pub fn new(directory: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let changes = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        inotify.add_watch(directory, changes)?;
        Ok(Self { inotify })
    }

    /// What to poll for: readable when something has changed, until [`Self::wait`] has returned.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Waits for the next change, at most for `limit`.
    pub fn wait(&self, limit: Option<Duration>) {
        let timeout = limit
            .map_or(PollTimeout::NONE, |limit| PollTimeout::try_from(limit.as_millis()).unwrap_or(PollTimeout::MAX));
        let _ = poll(&mut [PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN)], timeout);
        let _ = self.inotify.read_events();
    }
}
