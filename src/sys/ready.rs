//! One question to `poll(2)`: whether a descriptor is ready, now or soon. Several are waited for by a [`super::poll::Poller`].

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Whether something can be read now, or the other side has hung up.
pub fn is_readable(fd: BorrowedFd<'_>) -> bool {
    is_readable_within(fd, Duration::ZERO)
}

/// Waits until something can be read or the other side has hung up, at most for `limit`; false if neither has happened.
pub fn is_readable_within(fd: BorrowedFd<'_>, limit: Duration) -> bool {
    wait_for(&mut [PollFd::new(fd, PollFlags::POLLIN)], Some(limit))
}

/// Whether something can be written now without waiting.
pub fn is_writable(fd: BorrowedFd<'_>) -> bool {
    is_ready_now(fd, PollFlags::POLLOUT)
}

/// Waits for nothing but the time, or a signal that is handled.
pub fn pause(time: Duration) {
    wait_for(&mut [], Some(time));
}

/// Whether one of these events has happened.
pub(super) fn is_ready_now(fd: BorrowedFd<'_>, events: PollFlags) -> bool {
    wait_for(&mut [PollFd::new(fd, events)], Some(Duration::ZERO))
}

/// Whether one of them is ready before the limit is over.
pub(super) fn wait_for(fds: &mut [PollFd<'_>], limit: Option<Duration>) -> bool {
    let timeout = match limit {
        // Rounded up: waking up a little early would only mean waiting again.
        Some(limit) => PollTimeout::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX),
        None => PollTimeout::NONE,
    };
    poll(fds, timeout).is_ok_and(|count| count > 0)
}
