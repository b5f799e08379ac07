//! How long something takes a server, without the time in which its processes only waited for a processor: on a busy machine,
//! as when many servers are checked at once, that is most of it, and is none of the server's doing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::context;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, processor};

pub struct OwnTime {
    began: Instant,
    looked: Instant,
    /// The first process of the server, which is looked at when it has ended, too.
    first: Pid,
    /// What each thread had waited in its life when it was looked at.
    waits: HashMap<Pid, Duration>,
    sum: Sum,
}

impl OwnTime {
    /// Begins now, with all processes below this one.
    pub fn begin(first: Pid) -> Self {
        let now = context::now();
        let waits = look(first).into_iter().collect();
        Self { began: now, looked: now, first, waits, sum: Sum::default() }
    }

    /// What has passed by now. To be called every so often, at least twice in `LATE`: what a thread has waited that has ended
    /// is not told any more.
    pub fn passed(&mut self) -> Duration {
        let waited = look(self.first).into_iter().map(|(thread, waited)| self.note(thread, waited)).sum();
        let now = context::now();
        self.sum.add(now.duration_since(self.looked), waited);
        self.looked = now;
        self.sum.own()
    }

    /// What has passed, if that is known: where most of the time by the clock did not count, it proves nothing.
    pub fn proven(&self) -> Duration {
        let own = self.sum.own();
        if own * 4 < self.elapsed() { Duration::ZERO } else { own }
    }

    /// What has passed by the clock.
    pub fn elapsed(&self) -> Duration {
        context::now().duration_since(self.began)
    }

    /// Takes in what a thread has waited all its life; returns what is new of it.
    fn note(&mut self, thread: Pid, waited: Duration) -> Duration {
        waited.saturating_sub(self.waits.insert(thread, waited).unwrap_or_default())
    }
}

fn look(first: Pid) -> Vec<(Pid, Duration)> {
    let tree = Usage::of_all(children::ours()).pids.into_iter().map(Pid::from_raw);
    tree.chain([first]).flat_map(processor::waits).collect()
}

/// Who looks later than this was held up, as by a busy machine or one that stood still, and the server may have been as well.
const LATE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Sum {
    passed: Duration,
    waited: Duration,
}

impl Sum {
    /// Adds the time since the last look, and what was waited in it; of a look that comes late only a part of both.
    fn add(&mut self, since: Duration, waited: Duration) {
        let counted = since.min(LATE);
        self.passed += counted;
        self.waited += if counted == since { waited } else { waited.mul_f64(counted.div_duration_f64(since)) };
    }

    fn own(&self) -> Duration {
        self.passed.saturating_sub(self.waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_and_late_looks_do_not_count() {
        let mut sum = Sum::default();
        for (since, waited, own) in [
            (50, 0, 50),
            (50, 40, 60),
            // Told at the next look only.
            (50, 0, 110),
            (50, 90, 70),
            // Two seconds in which the machine stood still, and two in which others had the processor.
            (2000, 0, 170),
            (2000, 2000, 170),
            (2000, 1000, 220),
            (100, 1000, 0),
        ] {
            sum.add(Duration::from_millis(since), Duration::from_millis(waited));
            assert_eq!(sum.own(), Duration::from_millis(own), "{since}: {waited}");
        }
    }

    #[test]
    fn a_thread_has_waited_what_is_new_since_it_was_looked_at() {
        let [known, new] = [1, 2].map(Pid::from_raw);
        let seconds = Duration::from_secs;
        let now = context::now();
        let waits = HashMap::from([(known, seconds(100))]);
        let mut time = OwnTime { began: now, looked: now, first: known, waits, sum: Sum::default() };
        for (thread, waited, more) in [(known, 101, 1), (known, 103, 2), (new, 4, 4), (known, 103, 0), (new, 5, 1)] {
            assert_eq!(time.note(thread, seconds(waited)), seconds(more), "{thread}: {waited}");
        }
    }
}
