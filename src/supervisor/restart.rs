//! Whether a server that has ended is started again, and when: pure decisions.

use std::time::{Duration, Instant};

use crate::server::record::Reason;
use crate::server::settings::Restart;
use crate::sys::wait::Exit;

/// The first pause; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);
/// A server that was ready for this long is well: what was before is forgotten.
const HEALTH: Duration = Duration::from_secs(30);
/// So many failures …
pub const MOST: usize = 5;
/// … within this time are too many.
pub const WITHIN: Duration = Duration::from_mins(1);
/// What is to follow the end of a tree, by the reasons for which it was ended. The greatest of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Nobody said: the policy decides.
    Decide,
    /// Another start, at once.
    Again,
    /// Nothing.
    Leave,
}

/// How a server ended that nobody had asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: Reason,
    /// How its first process ended.
    pub exit: Option<Exit>,
    /// How long it had been ready, if it ever was.
    pub ready_for: Option<Duration>,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is started again after this time.
    Again(Duration),
    /// It is not started again.
    Leave,
    /// It would be, but it failed too often.
    GiveUp,
}

/// What is remembered of a server's earlier ends.
#[derive(Clone, Debug, Default)]
pub struct Past {
    was_ready: bool,
    /// When it failed, the latest last.
    failures: Vec<Instant>,
    /// How many pauses there were since it was well.
    pauses: u32,
}

impl Order {
    /// What follows if this is why the tree is ended.
    #[must_use]
    pub fn after(reason: Reason) -> Self {
        match reason {
            Reason::Exited | Reason::NotReady | Reason::OverMemory | Reason::PortTaken => Self::Decide,
            Reason::Restarted => Self::Again,
            Reason::Stopped | Reason::SessionEnded | Reason::ClientGone | Reason::ClientSignal => Self::Leave,
            Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost => Self::Leave,
        }
    }
}

impl Ended {
    /// Whether it should not have ended like this.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.reason != Reason::Exited || self.exit != Some(Exit::Code(0))
    }
}

impl Past {
    /// Decides what follows an end. `dice` is any number: servers that fell together are not to rise together.
    pub fn judge(&mut self, policy: Restart, ended: Ended, now: Instant, dice: u64) -> Verdict {
        self.remember(ended.ready_for);
        let is_wanted = match policy {
            Restart::No => false,
            Restart::OnFailure => ended.is_failure(),
            Restart::Always => true,
        };
        if !is_wanted || !self.was_ready {
            return Verdict::Leave;
        }
        self.failures.retain(|&at| now.duration_since(at) < WITHIN);
        self.failures.push(now);
        if self.failures.len() >= MOST {
            return Verdict::GiveUp;
        }
        let pause = pause(self.pauses, dice);
        self.pauses += 1;
        Verdict::Again(pause)
    }

    /// Takes in how long a server had been ready that has ended, for whatever reason.
    pub fn remember(&mut self, ready_for: Option<Duration>) {
        self.was_ready |= ready_for.is_some();
        if ready_for.is_some_and(|time| time >= HEALTH) {
            self.forget();
        }
    }

    /// Forgets the failures: somebody has taken care of it.
    pub fn forget(&mut self) {
        self.failures.clear();
        self.pauses = 0;
    }
}

/// The pause after so many others, up to a quarter shorter.
fn pause(earlier: u32, dice: u64) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(earlier)).min(LONGEST);
    let part = u32::try_from(dice % 1000).unwrap_or_default();
    whole.saturating_sub(whole / 4 * part / 1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context;

    const CRASH: Ended = exited(Exit::Code(1), Some(Duration::ZERO));

    const fn exited(exit: Exit, ready_for: Option<Duration>) -> Ended {
        Ended { reason: Reason::Exited, exit: Some(exit), ready_for }
    }

    fn first(policy: Restart, ended: Ended) -> Verdict {
        Past::default().judge(policy, ended, context::now(), 0)
    }

    #[test]
    fn the_policy_decides_for_a_server_that_was_ready_once() {
        use Restart::{Always, No, OnFailure};
        let again = Verdict::Again(FIRST);
        let ready = Some(Duration::ZERO);
        let of = |reason| Ended { reason, exit: Some(Exit::Signal(15)), ready_for: ready };
        for (policy, ended, verdict) in [
            (No, CRASH, Verdict::Leave),
            (OnFailure, CRASH, again),
            (Always, CRASH, again),
            (No, exited(Exit::Code(0), ready), Verdict::Leave),
            (OnFailure, exited(Exit::Code(0), ready), Verdict::Leave),
            (Always, exited(Exit::Code(0), ready), again),
            (OnFailure, exited(Exit::Signal(9), ready), again),
            (OnFailure, exited(Exit::Code(124), ready), again),
            (OnFailure, exited(Exit::Code(125), ready), again),
            (Always, exited(Exit::Code(126), ready), again),
            (OnFailure, exited(Exit::Code(127), ready), again),
            (Always, exited(Exit::Code(127), None), Verdict::Leave),
            (Always, exited(Exit::Code(128), ready), again),
            (OnFailure, exited(Exit::Code(1), None), Verdict::Leave),
            (Always, exited(Exit::Code(1), None), Verdict::Leave),
            (No, of(Reason::OverMemory), Verdict::Leave),
            (OnFailure, of(Reason::OverMemory), again),
            (Always, of(Reason::NotReady), again),
            (OnFailure, Ended { exit: Some(Exit::Code(0)), ..of(Reason::OverMemory) }, again),
        ] {
            assert_eq!(first(policy, ended), verdict, "{policy:?} {ended:?}");
        }
    }

    #[test]
    fn one_that_was_ready_before_is_started_again_even_if_it_does_not_get_that_far_now() {
        let mut past = Past::default();
        let now = context::now();
        past.judge(Restart::OnFailure, CRASH, now, 0);
        let early = exited(Exit::Code(1), None);
        assert_eq!(past.judge(Restart::OnFailure, early, now, 0), Verdict::Again(2 * FIRST));
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<f64> = (0..9).map(|earlier| pause(earlier, 0).as_secs_f64()).collect();
        assert_eq!(seconds, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]);
    }

    #[test]
    fn it_is_given_up_at_the_fifth_failure_within_a_minute() {
        let mut past = Past::default();
        let now = context::now();
        for number in 1..MOST {
            assert!(matches!(past.judge(Restart::OnFailure, CRASH, now, 0), Verdict::Again(_)), "{number}");
        }
        assert_eq!(past.clone().judge(Restart::OnFailure, CRASH, now + WITHIN / 2, 0), Verdict::GiveUp);
        let later = past.judge(Restart::OnFailure, CRASH, now + WITHIN, 0);
        assert_eq!(later, Verdict::Again(16 * FIRST), "the pauses go on");
    }

    #[test]
    fn half_a_minute_of_health_and_a_restart_by_hand_let_it_begin_anew() {
        let now = context::now();
        let mut worn = Past::default();
        for _ in 1..MOST {
            worn.judge(Restart::OnFailure, CRASH, now, 0);
        }
        let mut tended = worn.clone();
        tended.forget();
        assert_eq!(tended.judge(Restart::OnFailure, CRASH, now, 0), Verdict::Again(FIRST));
        let well = exited(Exit::Code(1), Some(HEALTH));
        assert_eq!(worn.clone().judge(Restart::OnFailure, well, now, 0), Verdict::Again(FIRST));
        let almost = exited(Exit::Code(1), Some(HEALTH.saturating_sub(Duration::from_millis(1))));
        assert_eq!(worn.judge(Restart::OnFailure, almost, now, 0), Verdict::GiveUp);
    }

    #[test]
    fn an_order_to_end_is_stronger_than_one_to_start_again_and_both_than_the_policy() {
        assert!(Order::after(Reason::Exited) < Order::after(Reason::Restarted));
        assert!(Order::after(Reason::Restarted) < Order::after(Reason::Stopped));
        assert_eq!(Order::after(Reason::OverMemory), Order::Decide);
        assert_eq!(Order::after(Reason::SessionEnded), Order::Leave);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_planned_and_at_most_a_quarter_shorter(earlier in 0_u32..200, dice: u64) {
            let whole = pause(earlier, 0);
            let shorter = pause(earlier, dice);
            prop_assert!(shorter <= whole && whole <= LONGEST);
            prop_assert!(shorter >= whole / 4 * 3);
        }

        #[test]
        fn no_minute_has_more_than_five_starts(gaps in prop::collection::vec(0_u64..40_000, 1..60), dice: u64) {
            let mut past = Past::default();
            let mut now = context::now();
            let mut failures: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                failures.push(now);
                let recent = failures.iter().filter(|&&at| now.duration_since(at) < WITHIN).count();
                match past.judge(Restart::Always, CRASH, now, dice) {
                    Verdict::Again(pause) => {
                        prop_assert!(recent < MOST);
                        now += pause;
                    }
                    verdict => {
                        prop_assert_eq!(verdict, Verdict::GiveUp);
                        prop_assert!(recent >= MOST);
                        break;
                    }
                }
            }
        }
    }
}
