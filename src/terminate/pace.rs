//! How far the end of a tree has come: the time since it began, without what was slept through.

use std::time::{Duration, Instant};

use super::stages::{Stage, StopTimeouts};

pub struct Pace {
    pub began: Instant,
    pub timeouts: StopTimeouts,
    /// How far it was at the last look.
    elapsed: Duration,
    slept: Duration,
}

impl Pace {
    pub fn begin(timeouts: StopTimeouts, now: Instant) -> Self {
        Self { began: now, timeouts, elapsed: Duration::ZERO, slept: Duration::ZERO }
    }

    pub fn stage(&self, now: Instant) -> Stage {
        self.timeouts.stage(self.elapsed(now))
    }

    /// Goes on faster from now on, if `timeouts` are shorter than what is left.
    pub fn hurry(&mut self, timeouts: StopTimeouts, now: Instant) {
        let remaining = self.timeouts.longest().saturating_sub(self.elapsed(now));
        if timeouts.longest() < remaining {
            *self = Self::begin(timeouts, now);
        }
    }

    pub fn until_next_stage(&self, now: Instant) -> Option<Duration> {
        let elapsed = self.elapsed(now);
        self.timeouts.next(elapsed).map(|end| end.saturating_sub(elapsed))
    }

    /// Lets a stage that was slept through, because somebody had stopped us, begin now.
    pub fn catch_up(&mut self, now: Instant) {
        let elapsed = self.elapsed(now);
        self.elapsed = self.timeouts.next(self.elapsed).map_or(elapsed, |end| end.min(elapsed));
        self.slept += elapsed.saturating_sub(self.elapsed);
    }

    fn elapsed(&self, now: Instant) -> Duration {
        now.duration_since(self.began).saturating_sub(self.slept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    #[test]
    fn a_stage_that_was_slept_through_begins_when_somebody_wakes_us() {
        let millis = Duration::from_millis;
        let timeouts = StopTimeouts { before_sigterm: millis(0), stop: millis(300), final_sigterm: millis(100) };
        let now = context::now();
        let mut pace = Pace::begin(timeouts, now);
        for (at, stage) in [
            (0, Stage::StopSigterm),
            (5000, Stage::FinalSigterm),
            (5099, Stage::FinalSigterm),
            (5101, Stage::FinalSigkill),
            (6099, Stage::FinalSigkill),
            (9000, Stage::Unkillable),
        ] {
            pace.catch_up(now + millis(at));
            assert_eq!(pace.stage(now + millis(at)), stage, "after {at} ms");
        }
    }
}
