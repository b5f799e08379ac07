//! How fast a tree is ended: pure decisions, no process in sight.

use std::time::{Duration, Instant};

/// How long each stage of ending a tree lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopTimeouts {
    /// How long the server may leave by itself, after its input was closed, before it is told to.
    pub patience: Duration,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// The same for processes that are adopted after the group was told; never longer than until the end of the
    /// grace time plus this.
    pub straggler: Duration,
}

/// What is due for a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing but waiting: the server knows that nobody talks to it any more.
    Patience,
    /// SIGTERM has been sent, or is due.
    Grace,
    /// The group is killed; stragglers have been told and may still leave.
    Stragglers,
    /// Everything is killed.
    Kill,
    /// What is left cannot be killed.
    Overdue,
}

/// What is due for one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Wait,
    /// SIGTERM, and SIGCONT in case it is stopped.
    Terminate,
    Kill,
}

/// After SIGKILL a process is gone within microseconds, unless it is in the kernel and cannot be interrupted.
const KILL_TAKES_AT_MOST: Duration = Duration::from_secs(1);

impl StopTimeouts {
    /// No time at all: SIGTERM, and almost at once SIGKILL. For a tree that lost one of its two watchers.
    pub const AT_ONCE: Self =
        Self { patience: Duration::ZERO, grace: Duration::from_millis(40), straggler: Duration::ZERO };

    /// The whole time until what lives is unkillable.
    pub fn longest(&self) -> Duration {
        self.patience + self.grace + self.straggler + KILL_TAKES_AT_MOST
    }

    /// The stage at a time after the beginning.
    pub fn stage(&self, elapsed: Duration) -> Stage {
        let ends = [self.patience, self.grace, self.straggler, KILL_TAKES_AT_MOST];
        let stages = [Stage::Patience, Stage::Grace, Stage::Stragglers, Stage::Kill];
        let mut end = Duration::ZERO;
        for (stage, length) in stages.into_iter().zip(ends) {
            end += length;
            if elapsed < end {
                return stage;
            }
        }
        Stage::Overdue
    }

    /// How long after the beginning the next stage begins; `None` in the last.
    pub fn next(&self, elapsed: Duration) -> Option<Duration> {
        let ends = [self.patience, self.grace, self.straggler, KILL_TAKES_AT_MOST];
        let mut end = Duration::ZERO;
        ends.into_iter()
            .map(|length| {
                end += length;
                end
            })
            .find(|&end| end > elapsed)
    }

    /// What is due for an adopted process that was told to leave at `told`, if it was.
    pub fn due(&self, stage: Stage, told: Option<Instant>, now: Instant) -> Due {
        match (stage, told) {
            (Stage::Patience, _) => Due::Wait,
            (Stage::Grace | Stage::Stragglers, None) => Due::Terminate,
            (Stage::Grace, Some(_)) => Due::Wait,
            (Stage::Stragglers, Some(told)) if now.duration_since(told) < self.straggler => Due::Wait,
            (Stage::Stragglers, Some(_)) | (Stage::Kill | Stage::Overdue, _) => Due::Kill,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace(patience: u64, grace: u64, straggler: u64) -> StopTimeouts {
        let millis = Duration::from_millis;
        StopTimeouts { patience: millis(patience), grace: millis(grace), straggler: millis(straggler) }
    }

    #[test]
    fn stages_follow_each_other() {
        let pace = pace(1000, 3000, 500);
        for (elapsed, stage) in [
            (0, Stage::Patience),
            (999, Stage::Patience),
            (1000, Stage::Grace),
            (3999, Stage::Grace),
            (4000, Stage::Stragglers),
            (4500, Stage::Kill),
            (5500, Stage::Overdue),
        ] {
            assert_eq!(pace.stage(Duration::from_millis(elapsed)), stage, "after {elapsed} ms");
        }
    }

    #[test]
    fn a_process_is_told_once_before_it_is_killed() {
        let pace = pace(0, 3000, 1000);
        let told = crate::context::now();
        let later = |millis| told + Duration::from_millis(millis);
        assert_eq!(pace.due(Stage::Grace, None, told), Due::Terminate);
        assert_eq!(pace.due(Stage::Grace, Some(told), later(2000)), Due::Wait);
        assert_eq!(pace.due(Stage::Stragglers, None, later(3000)), Due::Terminate);
        assert_eq!(pace.due(Stage::Stragglers, Some(told), later(3000)), Due::Kill);
        assert_eq!(pace.due(Stage::Stragglers, Some(later(2900)), later(3000)), Due::Wait);
        assert_eq!(pace.due(Stage::Kill, None, later(4000)), Due::Kill);
    }

    proptest! {
        #[test]
        fn time_only_moves_the_stage_forward(patience in 0u64..5000, grace in 0u64..5000, straggler in 0u64..5000,
                                            first in 0u64..20000, later in 0u64..20000) {
            let pace = pace(patience, grace, straggler);
            let (first, second) = (Duration::from_millis(first), Duration::from_millis(first + later));
            prop_assert!(pace.stage(first) <= pace.stage(second));
            if let Some(next) = pace.next(first) {
                prop_assert!(next > first && pace.stage(next) > pace.stage(first));
            } else {
                prop_assert_eq!(pace.stage(first), Stage::Overdue);
            }
        }
    }
}
