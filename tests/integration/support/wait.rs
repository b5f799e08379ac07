//! Waiting for events. A deadline here is a guard against hanging, never something a test asserts.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long a test waits for anything before it calls it missing: long enough for a machine under load, where real
/// servers take a while to come up, and for the grace times of several servers.
pub const HANG: Duration = Duration::from_mins(2);

/// A point in time after which waiting is given up.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The usual one, [`HANG`] from now.
    pub fn usual() -> Self {
        Self::after(HANG)
    }

    /// `time` from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left, `None` once it has passed.
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// Waits until one of `descriptors` can be read or has hung up and returns which ones. All `false`: the deadline passed.
pub fn readable(descriptors: &[BorrowedFd<'_>], deadline: Deadline) -> Vec<bool> {
    let mut polled: Vec<_> = descriptors.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    while let Some(left) = deadline.left() {
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut polled, timeout) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => break,
            Err(error) => panic!("could not poll: {error}"),
        }
    }
    polled.iter().map(|fd| fd.any().unwrap_or(false)).collect()
}

/// Waits until one descriptor can be read; `false` once the deadline has passed.
pub fn one_readable(descriptor: &impl AsFd, deadline: Deadline) -> bool {
    readable(&[descriptor.as_fd()], deadline)[0]
}

/// For what the kernel sends no event (the content of a file that is replaced, a state in `/proc`): looks every few
/// milliseconds until `look` finds something. Use it for nothing else.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    try_until(&mut look).unwrap_or_else(|| panic!("waited {} s in vain: {what}", HANG.as_secs()))
}

/// [`until`] for callers that have a better message.
pub fn try_until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Deadline::usual();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        deadline.left()?;
        pause(Duration::from_millis(3));
    }
}

/// A pause between two looks of [`until`].
fn pause(time: Duration) {
    let timeout = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
    // Nothing to wait for but the time itself; an interruption only makes the next look earlier.
    let _ = poll(&mut [], timeout);
}
