//! Waiting for several things at once, without waking up in between (`poll(2)`).

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};

use super::handle::ProcessHandle;
use super::hangup::HangUp;
use super::ready::wait_for;

/// How often a process is looked at where the kernel cannot tell of its end.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// For so many sources there is room from the beginning.
const USUAL: usize = 16;

/// What is waited for. Each source is registered under a key of the caller's, by which [`Self::wait`] names it.
pub struct Poller<'fd, Key> {
    keys: Vec<Key>,
    fds: Vec<PollFd<'fd>>,
    /// What the kernel tells nothing of: it is reported each time, to be looked at.
    unpollable: Vec<Key>,
    limit: Option<Duration>,
}

impl<'fd, Key> Poller<'fd, Key> {
    /// Nothing to wait for yet. The shorter of two limits holds, here and in [`Self::within`].
    pub fn new(limit: Option<Duration>) -> Self {
        Self { keys: Vec::with_capacity(USUAL), fds: Vec::with_capacity(USUAL), unpollable: Vec::new(), limit }
    }

    /// Registers what can be read, or whose other side may hang up.
    pub fn readable(&mut self, key: Key, fd: BorrowedFd<'fd>) {
        self.register(key, fd, PollFlags::POLLIN);
    }

    /// Registers what can be written to.
    pub fn writable(&mut self, key: Key, fd: BorrowedFd<'fd>) {
        self.register(key, fd, PollFlags::POLLOUT);
    }

    /// Registers a stream whose other side may hang up, whatever there is to read.
    pub fn hang_up(&mut self, key: Key, stream: &'fd HangUp) {
        self.register(key, stream.as_poll_fd(), stream.events());
    }

    /// Registers the end of a process. Where the kernel does not tell of it, the wait is short and always reports it: only
    /// [`ProcessHandle::has_exited`] knows.
    pub fn process(&mut self, key: Key, process: &'fd ProcessHandle) {
        if let Some(fd) = process.as_poll_fd() {
            self.readable(key, fd);
        } else {
            self.unpollable.push(key);
            self.within(LOOK_EVERY);
        }
    }

    /// Waits no longer than this.
    pub fn within(&mut self, limit: Duration) {
        self.limit = Some(self.limit.map_or(limit, |known| known.min(limit)));
    }

    /// Waits until something happens, the limit is over or a signal is handled. Returns the keys of what is to be looked at,
    /// in the order of their registration.
    pub fn wait(mut self) -> Vec<Key> {
        let has_happened = wait_for(&mut self.fds, self.limit);
        let polled = self.keys.into_iter().zip(&self.fds);
        // Of a flag that this crate has no name for (`POLLRDHUP`) it only says that there is one.
        let ready = polled.filter(|(_, fd)| has_happened && fd.any() != Some(false)).map(|(key, _)| key);
        ready.chain(self.unpollable).collect()
    }

    fn register(&mut self, key: Key, fd: BorrowedFd<'fd>, flags: PollFlags) {
        self.keys.push(key);
        self.fds.push(PollFd::new(fd, flags));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::sys::{fd, ready};

    #[test]
    fn what_is_ready_is_named_by_its_key_in_the_order_of_registration() {
        let (reader, writer) = fd::pipe().expect("a pipe");
        let (silent, _open) = fd::pipe().expect("a pipe");
        for (is_written, ready) in [(false, &["write"][..]), (true, &["read", "write"])] {
            if is_written {
                nix::unistd::write(&writer, b"x").expect("written");
            }
            let mut poller = Poller::new(None);
            poller.readable("read", reader.as_fd());
            poller.readable("silent", silent.as_fd());
            poller.writable("write", writer.as_fd());
            assert_eq!(poller.wait(), ready);
        }
    }

    #[test]
    fn the_shortest_limit_ends_a_wait_in_which_nothing_happens() {
        let (reader, _writer) = fd::pipe().expect("a pipe");
        let mut poller = Poller::new(Some(Duration::from_hours(1)));
        poller.readable((), reader.as_fd());
        poller.within(Duration::ZERO);
        poller.within(Duration::from_hours(1));
        assert_eq!(poller.wait(), []);
        assert!(!ready::is_readable(reader.as_fd()));
    }

    #[test]
    fn a_socket_that_is_closed_for_writing_alone_is_a_hang_up() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let stream = HangUp::of(ours.into()).expect("a stream");
        theirs.shutdown(Shutdown::Write).expect("shut down");
        let mut poller = Poller::new(None);
        poller.hang_up("gone", &stream);
        assert_eq!(poller.wait(), ["gone"]);
        assert!(stream.has_happened());
    }
}
