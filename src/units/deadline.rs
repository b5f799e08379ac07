//! A time by which something has to have come.

use std::time::{Duration, Instant};

/// How much a deadline is put off at most because we were late.
const MOST: Duration = Duration::from_secs(10);

/// Whoever looks late, on a machine that stood still or was busy, has not waited as long as was meant, and what is waited for may
/// have stood still as well: so the deadline is put off once, by as much as we were late.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    is_put_off: bool,
}

impl Deadline {
    pub fn new(at: Instant) -> Self {
        Self { at, is_put_off: false }
    }

    pub fn at(&self) -> Instant {
        self.at
    }

    /// How long until one has to look again.
    pub fn left(&self, now: Instant) -> Duration {
        self.at.saturating_duration_since(now)
    }

    /// Whether the time is over. To be asked only after all was taken that has come by now, and as soon as nothing is left.
    pub fn is_over(&mut self, now: Instant) -> bool {
        let Some(late) = now.checked_duration_since(self.at) else { return false };
        if late.is_zero() || self.is_put_off {
            return true;
        }
        *self = Self { at: now + late.min(MOST), is_put_off: true };
        false
    }

    pub fn put_off(&mut self, by: Duration) {
        self.at += by;
    }

    /// The same, or what is over then at the latest.
    pub fn at_latest(self, at: Instant) -> Self {
        if at < self.at { Self::new(at) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn whoever_looks_late_waits_once_more_for_as_long() {
        let now = context::now();
        let mut deadline = Deadline::new(now + 3 * SECOND);
        assert!(!deadline.is_over(now));
        assert_eq!(deadline.left(now), 3 * SECOND);
        assert!(!deadline.is_over(now + 5 * SECOND), "two seconds late");
        assert_eq!(deadline.left(now + 5 * SECOND), 2 * SECOND);
        assert!(!deadline.is_over(now + 6 * SECOND));
        assert!(deadline.is_over(now + 9 * SECOND), "it is put off once");
    }

    #[test]
    fn whoever_looks_in_time_waits_no_longer_and_nobody_waits_for_ever() {
        let now = context::now();
        assert!(Deadline::new(now).is_over(now));
        let mut deadline = Deadline::new(now);
        assert!(!deadline.is_over(now + 1000 * SECOND));
        assert_eq!(deadline.left(now + 1000 * SECOND), MOST);
        assert_eq!(Deadline::new(now + SECOND).at_latest(now).at(), now);
        assert_eq!(Deadline::new(now).at_latest(now + SECOND).at(), now);
    }
}
