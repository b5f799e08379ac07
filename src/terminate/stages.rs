//! Which signal is due when a tree is ended: pure decisions, named as the states of a systemd service.

use std::time::{Duration, Instant};

use super::budget;

/// How long each stage of ending a tree lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopTimeouts {
    /// From the end of its input, which asks a server to leave by itself, to SIGTERM.
    pub before_sigterm: Duration,
    /// From SIGTERM to SIGKILL (`TimeoutStopSec=` in systemd.service(5)).
    pub stop: Duration,
    /// The same for processes that are adopted late, counted from the end of `stop` at the latest.
    pub final_sigterm: Duration,
}

/// What is due for a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its input is closed: the server may leave by itself.
    InputClosed,
    /// SIGTERM to the group.
    StopSigterm,
    /// SIGKILL to the group; SIGTERM to what was adopted late.
    FinalSigterm,
    /// SIGKILL to everything.
    FinalSigkill,
    /// What is left cannot be killed.
    Unkillable,
}

/// What is due for one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Wait,
    /// SIGTERM, and SIGCONT in case it is stopped.
    Terminate,
    Kill,
}

impl StopTimeouts {
    /// No time at all: SIGTERM, and almost at once SIGKILL. For a tree that lost one of its two watchers.
    pub const AT_ONCE: Self =
        Self { before_sigterm: Duration::ZERO, stop: budget::WATCHER_LOST, final_sigterm: Duration::ZERO };

    /// The whole time until what lives is unkillable.
    pub fn longest(&self) -> Duration {
        self.before_sigterm + self.stop + self.final_sigterm + budget::SIGKILL
    }

    /// The stage at a time after the beginning.
    pub fn stage(&self, elapsed: Duration) -> Stage {
        self.ends().into_iter().find(|&(_, end)| elapsed < end).map_or(Stage::Unkillable, |(stage, _)| stage)
    }

    /// How long after the beginning the next stage begins; `None` in the last.
    pub fn next(&self, elapsed: Duration) -> Option<Duration> {
        self.ends().into_iter().find(|&(_, end)| elapsed < end).map(|(_, end)| end)
    }

    /// When each stage but the last is over, counted from the beginning.
    fn ends(&self) -> [(Stage, Duration); 4] {
        let stop_sigterm = self.before_sigterm + self.stop;
        let final_sigterm = stop_sigterm + self.final_sigterm;
        [
            (Stage::InputClosed, self.before_sigterm),
            (Stage::StopSigterm, stop_sigterm),
            (Stage::FinalSigterm, final_sigterm),
            (Stage::FinalSigkill, final_sigterm + budget::SIGKILL),
        ]
    }

    /// What is due for an adopted process that got SIGTERM at `sigterm`, if it did.
    pub fn due(&self, stage: Stage, sigterm: Option<Instant>, now: Instant) -> Due {
        match (stage, sigterm) {
            (Stage::InputClosed, _) => Due::Wait,
            (Stage::StopSigterm | Stage::FinalSigterm, None) => Due::Terminate,
            (Stage::StopSigterm, Some(_)) => Due::Wait,
            (Stage::FinalSigterm, Some(sigterm)) if now.duration_since(sigterm) < self.final_sigterm => Due::Wait,
            (Stage::FinalSigterm, Some(_)) | (Stage::FinalSigkill | Stage::Unkillable, _) => Due::Kill,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timeouts(before_sigterm: u64, stop: u64, final_sigterm: u64) -> StopTimeouts {
        let millis = Duration::from_millis;
        StopTimeouts {
            before_sigterm: millis(before_sigterm),
            stop: millis(stop),
            final_sigterm: millis(final_sigterm),
        }
    }

    #[test]
    fn stages_follow_each_other() {
        let timeouts = timeouts(1000, 3000, 500);
        for (elapsed, stage) in [
            (0, Stage::InputClosed),
            (999, Stage::InputClosed),
            (1000, Stage::StopSigterm),
            (3999, Stage::StopSigterm),
            (4000, Stage::FinalSigterm),
            (4500, Stage::FinalSigkill),
            (5500, Stage::Unkillable),
        ] {
            assert_eq!(timeouts.stage(Duration::from_millis(elapsed)), stage, "after {elapsed} ms");
        }
    }

    #[test]
    fn a_process_gets_one_sigterm_before_it_is_killed() {
        let timeouts = timeouts(0, 3000, 1000);
        let sigterm = crate::context::now();
        let later = |millis| sigterm + Duration::from_millis(millis);
        assert_eq!(timeouts.due(Stage::StopSigterm, None, sigterm), Due::Terminate);
        assert_eq!(timeouts.due(Stage::StopSigterm, Some(sigterm), later(2000)), Due::Wait);
        assert_eq!(timeouts.due(Stage::FinalSigterm, None, later(3000)), Due::Terminate);
        assert_eq!(timeouts.due(Stage::FinalSigterm, Some(sigterm), later(3000)), Due::Kill);
        assert_eq!(timeouts.due(Stage::FinalSigterm, Some(later(2900)), later(3000)), Due::Wait);
        assert_eq!(timeouts.due(Stage::FinalSigkill, None, later(4000)), Due::Kill);
    }

    proptest! {
        #[test]
        fn time_only_moves_the_stage_forward(before_sigterm in 0u64..5000, stop in 0u64..5000, final_sigterm in 0u64..5000,
                                            first in 0u64..20000, later in 0u64..20000) {
            let timeouts = timeouts(before_sigterm, stop, final_sigterm);
            let (first, second) = (Duration::from_millis(first), Duration::from_millis(first + later));
            prop_assert!(timeouts.stage(first) <= timeouts.stage(second));
            if let Some(next) = timeouts.next(first) {
                prop_assert!(next > first && timeouts.stage(next) > timeouts.stage(first));
            } else {
                prop_assert_eq!(timeouts.stage(first), Stage::Unkillable);
            }
        }
    }
}
