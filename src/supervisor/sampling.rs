//! When CPU and memory of a server are sampled, and when its memory is too much: pure decisions.

use std::time::{Duration, Instant};

use crate::server::settings::Settings;

/// How often the memory of a server with a limit is looked at, unless it is sampled more often.
const MEMORY_EVERY: Duration = Duration::from_secs(10);
/// Nothing is looked at more often than this.
const SHORTEST: Duration = Duration::from_millis(100);

pub struct Sampling {
    limit: Option<u64>,
    samples: Option<Timer>,
    memory: Option<Timer>,
    was_above: bool,
    was_unclear: bool,
}

/// What a tree was found to use, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The resident memory of its processes: pages that they share count for each.
    pub resident: u64,
    /// The same with shared pages divided among those who share them, if that could be told.
    pub proportional: Option<u64>,
}

/// What is due again and again.
struct Timer {
    every: Duration,
    next: Instant,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub sample: bool,
    /// The memory is to be compared with the limit.
    pub memory: bool,
}

impl Sampling {
    /// For a server that was started just now.
    pub fn new(settings: &Settings, now: Instant) -> Self {
        let timer = |every: Duration| Timer { every, next: now + every };
        let sampling = settings.sample_ms.map(|millis| Duration::from_millis(millis).max(SHORTEST));
        let memory = settings.memory.map(|_| sampling.map_or(MEMORY_EVERY, |every| every.min(MEMORY_EVERY)));
        Self {
            limit: settings.memory,
            samples: sampling.map(timer),
            memory: memory.map(timer),
            was_above: false,
            was_unclear: false,
        }
    }

    /// How long until something is due; `None` if nothing ever is.
    pub fn next(&self, now: Instant) -> Option<Duration> {
        let timers = self.samples.iter().chain(&self.memory);
        timers.map(|timer| timer.next.saturating_duration_since(now)).min()
    }

    /// What is due now. The next time is counted from now: after a suspension nothing is made up for.
    pub fn due(&mut self, now: Instant) -> Due {
        Due { sample: Timer::comes_round(&mut self.samples, now), memory: Timer::comes_round(&mut self.memory, now) }
    }

    /// Whether this much resident memory is reason to look closer.
    pub fn is_suspect(&self, resident: u64) -> bool {
        self.limit.is_some_and(|limit| resident > limit)
    }

    /// Whether this much memory, at a look that was due, is too much: above the limit, as at the look before.
    pub fn is_too_much(&mut self, memory: Memory) -> bool {
        let is_above = self.is_suspect(memory.resident) && self.is_suspect(memory.proportional.unwrap_or(u64::MAX));
        let was_above = std::mem::replace(&mut self.was_above, is_above);
        is_above && was_above
    }

    /// Whether it has to be said, for the first time, that shared pages count for each process.
    pub fn is_first_unclear(&mut self, memory: Memory) -> bool {
        let is_unclear = self.is_suspect(memory.resident) && memory.proportional.is_none();
        is_unclear && !std::mem::replace(&mut self.was_unclear, true)
    }
}

impl Timer {
    /// Whether it is due; it is then set again.
    fn comes_round(timer: &mut Option<Self>, now: Instant) -> bool {
        let Some(timer) = timer.as_mut().filter(|timer| now >= timer.next) else { return false };
        timer.next = now + timer.every;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    fn sampling(sample_ms: Option<u64>, memory: Option<u64>) -> (Sampling, Instant) {
        let now = context::now();
        (Sampling::new(&Settings { memory, sample_ms, ..Settings::default() }, now), now)
    }

    #[test]
    fn nothing_is_looked_at_more_often_than_it_must_be() {
        for (sample_ms, memory, next) in [
            (None, None, None),
            (Some(60_000), None, Some(60_000)),
            (Some(60_000), Some(1), Some(10_000)),
            (Some(2000), Some(1), Some(2000)),
            (None, Some(1), Some(10_000)),
            (Some(0), None, Some(100)),
        ] {
            let (sampling, now) = sampling(sample_ms, memory);
            assert_eq!(sampling.next(now), next.map(Duration::from_millis), "{sample_ms:?} {memory:?}");
        }
    }

    #[test]
    fn samples_and_looks_at_the_memory_come_at_their_own_pace() {
        let (mut sampling, start) = sampling(Some(60_000), Some(1));
        let (mut samples, mut memory) = (0, 0);
        let mut now = start;
        while now < start + Duration::from_mins(2) {
            now += sampling.next(now).expect("a limit is set");
            let due = sampling.due(now);
            samples += u32::from(due.sample);
            memory += u32::from(due.memory);
        }
        assert_eq!((samples, memory), (2, 12));
        assert_eq!(sampling.due(now), Due { sample: false, memory: false });
    }

    #[test]
    fn memory_is_too_much_when_it_was_at_the_look_before() {
        let (mut sampling, _) = sampling(None, Some(100));
        let found: Vec<bool> =
            [101, 100, 101, 102, 103, 99, 500].map(|memory| sampling.is_too_much(all(memory))).to_vec();
        assert_eq!(found, [false, false, false, true, true, false, false]);
        let (mut none, _) = self::sampling(None, None);
        assert!(!none.is_too_much(all(u64::MAX)) && !none.is_too_much(all(u64::MAX)));
    }

    #[test]
    fn shared_pages_count_once_where_that_can_be_told() {
        let (mut sampling, _) = sampling(None, Some(100));
        let shared = |proportional| Memory { resident: 900, proportional };
        for (proportional, is_too_much) in [(100, false), (101, false), (101, true), (99, false), (101, false)] {
            assert_eq!(sampling.is_too_much(shared(Some(proportional))), is_too_much, "{proportional}");
        }
        assert!(sampling.is_suspect(900) && !sampling.is_suspect(100));
        assert!(sampling.is_too_much(shared(None)), "what cannot be told is not taken for little");
        assert!(!sampling.is_first_unclear(shared(Some(1))));
        assert!(sampling.is_first_unclear(shared(None)), "and is said");
        assert!(!sampling.is_first_unclear(shared(None)), "once");
    }

    fn all(memory: u64) -> Memory {
        Memory { resident: memory, proportional: Some(memory) }
    }
}
