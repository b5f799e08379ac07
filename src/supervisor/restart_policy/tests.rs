use proptest::prelude::*;

use super::*;
use crate::context;

const CRASH: RunEnd = exited(Exit::Code(1), Some(Duration::ZERO));

const fn exited(exit: Exit, ready_for: Option<Duration>) -> RunEnd {
    RunEnd { reason: Reason::Exited, exit: Some(exit), ready_for }
}

fn first(policy: Restart, ended: RunEnd) -> Verdict {
    RestartPolicy::new(policy, false).decide(Order::Decide, ended, context::now(), 0)
}

#[test]
fn the_policy_decides_for_a_server_that_was_ready_once() {
    use Restart::{Always, No, OnFailure};
    let again = Verdict::Again(FIRST);
    let ready = Some(Duration::ZERO);
    let of = |reason| RunEnd { reason, exit: Some(Exit::Signal(15)), ready_for: ready };
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
        (OnFailure, RunEnd { exit: Some(Exit::Code(0)), ..of(Reason::OverMemory) }, again),
    ] {
        assert_eq!(first(policy, ended), verdict, "{policy:?} {ended:?}");
    }
}

#[test]
fn one_that_was_ready_before_is_started_again_even_if_it_does_not_get_that_far_now() {
    let mut past = RestartPolicy::new(Restart::OnFailure, false);
    let now = context::now();
    past.decide(Order::Decide, CRASH, now, 0);
    let early = exited(Exit::Code(1), None);
    assert_eq!(past.decide(Order::Decide, early, now, 0), Verdict::Again(2 * FIRST));
}

#[test]
fn what_gives_up_soon_without_having_served_was_never_ready() {
    let of = |reason, exit| End { reason, exit: Some(exit), ..End::unstarted(None) };
    let soon = HEALTH.saturating_sub(Duration::from_millis(1));
    for (end, seemed, expected) in [
        (of(Reason::Exited, Exit::Code(1)), soon, false),
        (of(Reason::Exited, Exit::Code(1)), HEALTH, true),
        (of(Reason::Exited, Exit::Code(0)), soon, true),
        (of(Reason::Exited, Exit::Signal(9)), soon, true),
        (of(Reason::OverMemory, Exit::Code(1)), soon, true),
        (of(Reason::Stopped, Exit::Code(1)), soon, true),
    ] {
        assert_eq!(was_ready(&end, seemed), expected, "{end:?}");
    }
}

#[test]
fn a_first_start_that_nobody_saw_fail_is_tried_three_times_more_unless_it_cannot_be_executed() {
    let now = context::now();
    let early = |code| exited(Exit::Code(code), None);
    let mut past = RestartPolicy::new(Restart::OnFailure, true);
    let mut judge = || past.decide(Order::Decide, early(1), now, 0);
    let again = |seconds| Verdict::Again(Duration::from_secs(seconds));
    assert_eq!([judge(), judge(), judge(), judge()], [again(1), again(2), again(4), Verdict::Leave]);
    past.remember(Some(Duration::ZERO));
    assert_eq!(past.decide(Order::Decide, early(1), now, 0), Verdict::Again(FIRST), "it was ready at last");
    for (policy, code) in [(Restart::OnFailure, 127), (Restart::No, 1), (Restart::OnFailure, 0)] {
        assert_eq!(
            RestartPolicy::new(policy, true).decide(Order::Decide, early(code), now, 0),
            Verdict::Leave,
            "{policy:?} {code}"
        );
    }
    assert_eq!(RestartPolicy::new(Restart::OnFailure, false).decide(Order::Decide, early(1), now, 0), Verdict::Leave);
}

#[test]
fn pauses_double_up_to_the_longest() {
    let seconds: Vec<f64> = (0..9).map(|earlier| pause(earlier, 0).as_secs_f64()).collect();
    assert_eq!(seconds, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]);
}

#[test]
fn it_is_given_up_at_the_fifth_failure_within_a_minute() {
    let mut past = RestartPolicy::new(Restart::OnFailure, false);
    let now = context::now();
    for number in 1..MOST {
        assert!(matches!(past.decide(Order::Decide, CRASH, now, 0), Verdict::Again(_)), "{number}");
    }
    assert_eq!(past.clone().decide(Order::Decide, CRASH, now + WITHIN / 2, 0), Verdict::GiveUp);
    let later = past.decide(Order::Decide, CRASH, now + WITHIN, 0);
    assert_eq!(later, Verdict::Again(16 * FIRST), "the pauses go on");
}

#[test]
fn half_a_minute_of_health_and_a_restart_by_hand_let_it_begin_anew() {
    let now = context::now();
    let mut worn = RestartPolicy::new(Restart::OnFailure, false);
    for _ in 1..MOST {
        worn.decide(Order::Decide, CRASH, now, 0);
    }
    let mut tended = worn.clone();
    tended.forget();
    assert_eq!(tended.decide(Order::Decide, CRASH, now, 0), Verdict::Again(FIRST));
    let well = exited(Exit::Code(1), Some(HEALTH));
    assert_eq!(worn.clone().decide(Order::Decide, well, now, 0), Verdict::Again(FIRST));
    let almost = exited(Exit::Code(1), Some(HEALTH.saturating_sub(Duration::from_millis(1))));
    assert_eq!(worn.decide(Order::Decide, almost, now, 0), Verdict::GiveUp);
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
    fn a_pause_is_never_longer_than_planned_and_at_most_a_quarter_shorter(earlier in 0_u32..200, jitter: u64) {
        let whole = pause(earlier, 0);
        let shorter = pause(earlier, jitter);
        prop_assert!(shorter <= whole && whole <= LONGEST);
        prop_assert!(shorter >= whole / 4 * 3);
    }

    #[test]
    fn no_minute_has_more_than_five_starts(gaps in prop::collection::vec(0_u64..40_000, 1..60), jitter: u64) {
        let mut past = RestartPolicy::new(Restart::Always, false);
        let mut now = context::now();
        let mut failures: Vec<Instant> = Vec::new();
        for gap in gaps {
            now += Duration::from_millis(gap);
            failures.push(now);
            let recent = failures.iter().filter(|&&at| now.duration_since(at) < WITHIN).count();
            match past.decide(Order::Decide, CRASH, now, jitter) {
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
