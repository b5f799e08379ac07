//! Waiting until something in a directory changes (`inotify(7)`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::sys::ready;

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
    pub fn wait(&self, limit: Duration) {
        ready::is_readable_within(self.inotify.as_fd(), limit);
        let _ = self.inotify.read_events();
    }
}
