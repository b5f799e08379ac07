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
    /// By thread.
    waits: HashMap<Pid, Wait>,
}

/// What one thread has waited.
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
        for (thread, waited) in new.look() {
            new.waits.insert(thread, Wait { before: waited, since: Duration::ZERO });
        }
        new
    }

    /// What has passed by now. To be called every so often: what a thread has waited that has ended is not told any more.
    pub fn passed(&mut self) -> Duration {
        for (thread, waited) in self.look() {
            self.note(thread, waited);
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
        pids.flat_map(processor::waits).collect()
    }

    /// Takes in what a thread has waited all its life.
    fn note(&mut self, thread: Pid, waited: Duration) {
        let wait = self.waits.entry(thread).or_insert(Wait { before: Duration::ZERO, since: Duration::ZERO });
        wait.since = waited.saturating_sub(wait.before);
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
    fn what_all_threads_have_waited_since_the_beginning_does_not_count() {
        let (seconds, now) = (Duration::from_secs, context::now());
        let [first, other] = [1, 2].map(Pid::from_raw);
        let before = Wait { before: seconds(100), since: Duration::ZERO };
        let mut time = OwnTime { began: now, first, waits: HashMap::from([(first, before)]) };
        for (thread, waited, left) in [
            (first, 101, 9),
            (first, 103, 7),
            // One that was started since.
            (other, 4, 3),
            (first, 104, 2),
            (other, 40, 0),
        ] {
            time.note(thread, seconds(waited));
            assert_eq!(time.without_waits(now + seconds(10)), seconds(left), "{thread}: {waited}");
        }
    }
}
