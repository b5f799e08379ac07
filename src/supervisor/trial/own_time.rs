//! How long something takes a server, without the time in which its processes only waited for a processor: on a busy machine,
//! as when many servers are checked at once, that is most of it, and is none of the server's doing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::context;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, processor};

pub struct OwnTime {
    began: Instant,
    /// The first process of the server, which is looked at when it has ended, too.
    first: Pid,
    waits: HashMap<Pid, Wait>,
}

/// What one process has waited.
struct Wait {
    /// Before the beginning.
    before: Duration,
    since: Duration,
}

impl OwnTime {
    /// Begins now, with all processes below this one.
    pub fn begin(first: Pid) -> Self {
        let began = context::now();
        let mut new = Self { began, first, waits: HashMap::new() };
        for (pid, waited) in new.look() {
            new.waits.insert(pid, Wait { before: waited, since: Duration::ZERO });
        }
        new
    }

    /// What has passed by now. To be called every so often: what a process has waited that is collected is not told any more.
    pub fn passed(&mut self) -> Duration {
        for (pid, waited) in self.look() {
            self.note(pid, waited);
        }
        self.without_waits(context::now())
    }

    /// What has passed by the clock.
    pub fn elapsed(&self) -> Duration {
        context::now().duration_since(self.began)
    }

    fn look(&self) -> Vec<(Pid, Duration)> {
        let tree = Usage::of_all(children::ours()).pids.into_iter().map(Pid::from_raw);
        // Who looks late, because it has to wait itself, sees late.
        let pids = tree.chain([self.first, Pid::this()]);
        pids.map(|pid| (pid, processor::waited_for(pid))).collect()
    }

    /// Takes in what a process has waited all its life. Threads that end take their part with them.
    fn note(&mut self, pid: Pid, waited: Duration) {
        let wait = self.waits.entry(pid).or_insert(Wait { before: Duration::ZERO, since: Duration::ZERO });
        wait.since = wait.since.max(waited.saturating_sub(wait.before));
    }

    fn without_waits(&self, now: Instant) -> Duration {
        let waited: Duration = self.waits.values().map(|wait| wait.since).sum();
        now.duration_since(self.began).saturating_sub(waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_processes_have_waited_since_the_beginning_does_not_count() {
        let (seconds, now) = (Duration::from_secs, context::now());
        let [first, other] = [1, 2].map(Pid::from_raw);
        let before = Wait { before: seconds(100), since: Duration::ZERO };
        let mut time = OwnTime { began: now, first, waits: HashMap::from([(first, before)]) };
        for (pid, waited, left) in [
            (first, 101, 9),
            (first, 103, 7),
            // A thread has ended.
            (first, 102, 7),
            // One that was started since.
            (other, 4, 3),
            (other, 40, 0),
        ] {
            time.note(pid, seconds(waited));
            assert_eq!(time.without_waits(now + seconds(10)), seconds(left), "{pid}: {waited}");
        }
    }
}
