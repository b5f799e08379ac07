//! The keeper and the supervisor of a server, seen from outside.

use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::context;
use crate::server::record::ServerRecord;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, process};

/// The two processes that answer for a server, as far as they live.
pub struct WatcherHandles {
    pub(super) supervisor: Option<ProcessHandle>,
    pub(super) keeper: Option<ProcessHandle>,
}

impl WatcherHandles {
    /// The processes that the record names, proven to be the same.
    pub fn of(record: &ServerRecord) -> Self {
        let both = record.watchers.filter(|_| record.is_of_this_host());
        Self {
            supervisor: both.and_then(|both| ProcessHandle::reopen(&both.supervisor)),
            keeper: both.and_then(|both| ProcessHandle::reopen(&both.keeper)),
        }
    }

    /// Lets those run that somebody has stopped.
    pub fn wake(&self) {
        for process in self.living() {
            let _ = process.signal(Signal::SIGCONT);
        }
    }

    /// The supervisor, if somebody has stopped it or traces it.
    pub fn stopped_supervisor(&self) -> Option<Pid> {
        let supervisor = self.supervisor.as_ref().filter(|process| !process.has_exited())?.pid();
        process::read(supervisor).is_some_and(|it| it.stopped).then_some(supervisor)
    }

    /// Whether one of them lives.
    pub fn any(&self) -> bool {
        self.living().next().is_some()
    }

    pub fn living(&self) -> impl Iterator<Item = &ProcessHandle> {
        self.supervisor.iter().chain(&self.keeper).filter(|process| !process.has_exited())
    }

    /// Waits until both have ended; false if they have not by then.
    pub(super) fn wait_until(&self, deadline: Instant) -> bool {
        loop {
            let living: Vec<&ProcessHandle> = self.living().collect();
            let left = deadline.saturating_duration_since(context::now());
            if living.is_empty() || left.is_zero() {
                return living.is_empty();
            }
            let mut fds: Vec<PollFd<'_>> = living
                .iter()
                .filter_map(|process| process.as_poll_fd())
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                .collect();
            let limit = if fds.is_empty() { left.min(Duration::from_millis(20)) } else { left };
            let _ = poll(&mut fds, PollTimeout::try_from(limit.as_millis().max(1)).unwrap_or(PollTimeout::MAX));
        }
    }
}
