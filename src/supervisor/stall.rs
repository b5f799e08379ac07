//! A supervisor that somebody keeps from running, while a command waits for it.

use std::time::{Duration, Instant};

use super::watchers::WatcherHandles;
use crate::context;
use crate::sys::Pid;

/// How long a supervisor may be stopped, after it was woken, before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is remembered of the looks at a supervisor.
#[derive(Default)]
pub struct Stall(Option<Instant>);

impl Stall {
    /// Looks at it, wakes it if it is stopped, and tells who it is once that did not help for a while.
    pub fn look(&mut self, watchers: &WatcherHandles) -> Option<Pid> {
        let stopped = watchers.stopped_supervisor();
        let Some(since) = self.0.filter(|_| stopped.is_some()) else {
            self.0 = stopped.map(|_| context::now());
            watchers.wake();
            return None;
        };
        stopped.filter(|_| context::now().duration_since(since) >= PATIENCE)
    }
}
