//! The keeper and the supervisor of a server, seen from outside.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::context;
use crate::server::record::ServerRecord;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::{Pid, process};

/// How often they are looked at where the kernel does not tell of their end.
const LOOK_EVERY: Duration = Duration::from_millis(20);

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

    /// Continues those that are stopped (`SIGCONT`).
    pub fn wake(&self) {
        for process in self.living() {
            let _ = process.signal(Signal::SIGCONT);
        }
    }

    /// The supervisor, if it is stopped or traced.
    pub fn stopped_supervisor(&self) -> Option<Pid> {
        let supervisor = self.supervisor.as_ref().filter(|process| !process.has_exited())?.pid();
        process::read(supervisor).is_some_and(|it| it.stopped).then_some(supervisor)
    }

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
            let mut poller = Poller::new(Some(left));
            for process in living {
                if process.as_poll_fd().is_none() {
                    poller.within(LOOK_EVERY);
                }
                poller.process((), process);
            }
            poller.wait();
        }
    }
}
