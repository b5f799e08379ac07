//! How long somebody is waited for who takes what is meant for it piece by piece.

use std::time::{Duration, Instant};

use crate::units::deadline::Deadline;

pub struct Patience {
    limit: Duration,
    deadline: Deadline,
    /// How much there was still to take when it took something last.
    left: usize,
}

impl Patience {
    /// Of somebody who may take nothing for so long.
    pub fn new(limit: Duration, now: Instant) -> Self {
        Self { limit, deadline: Deadline::new(now + limit), left: usize::MAX }
    }

    /// How long it is waited for that has so much still to take; `None` once it has taken nothing for too long.
    pub fn lasts(&mut self, left: usize, now: Instant) -> Option<Duration> {
        if left < self.left {
            (self.left, self.deadline) = (left, Deadline::new(now + self.limit));
        } else if self.deadline.is_over(now) {
            return None;
        }
        Some(self.deadline.left(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    #[test]
    fn whoever_takes_something_is_waited_for_anew_however_late_that_is_seen() {
        let (now, second) = (context::now(), Duration::from_secs(1));
        let mut patience = Patience::new(second, now);
        assert_eq!(patience.lasts(9, now), Some(second));
        assert_eq!(patience.lasts(8, now + 5 * second), Some(second), "it took something");
        assert_eq!(patience.lasts(8, now + 8 * second), Some(2 * second), "two seconds late");
        assert_eq!(patience.lasts(8, now + 10 * second), None);
    }
}
