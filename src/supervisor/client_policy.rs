//! What follows the end of a server whose client is still there: pure decisions.

use std::time::{Duration, Instant};

use super::restart_policy::{MOST, Order, RunEnd, WITHIN};
use crate::sys::wait::Exit;

/// How often a server is started again that has never answered: two that fetch themselves at once may have been in each
/// other's way, or the network was just coming up.
const TRIES: u32 = 3;
/// The first pause before that; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);

/// What is remembered of earlier ends.
#[derive(Clone, Debug, Default)]
pub struct ClientPolicy {
    tries: u32,
    /// When it failed after it had answered, the latest last.
    failures: Vec<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientVerdict {
    /// `run` ends with the server.
    Leave,
    /// It is started again after this time.
    Again(Duration),
    /// It is started again with the client's next request.
    OnRequest,
    /// It failed too often.
    GiveUp,
    /// Somebody stopped it, and is to say when it comes back.
    Stop,
}

impl ClientPolicy {
    /// Decides what follows an end, if `order` leaves that open.
    pub fn decide(&mut self, order: Order, run: RunEnd, has_answered: bool, now: Instant) -> ClientVerdict {
        match order {
            Order::Leave => ClientVerdict::Leave,
            Order::Stop => ClientVerdict::Stop,
            Order::Again => {
                *self = Self::default();
                ClientVerdict::Again(Duration::ZERO)
            }
            Order::Decide if !has_answered => self.try_again(run),
            Order::Decide if !run.is_failure() => ClientVerdict::OnRequest,
            Order::Decide => self.follow_failure(now),
        }
    }

    fn try_again(&mut self, run: RunEnd) -> ClientVerdict {
        let was_not_executed = matches!(run.exit, Some(Exit::Code(126 | 127)));
        if was_not_executed || self.tries == TRIES {
            return ClientVerdict::Leave;
        }
        self.tries += 1;
        ClientVerdict::Again(FIRST * 2_u32.pow(self.tries - 1))
    }

    /// At once after a first failure, then after longer and longer pauses.
    fn follow_failure(&mut self, now: Instant) -> ClientVerdict {
        self.failures.retain(|&at| now.duration_since(at) < WITHIN);
        self.failures.push(now);
        match self.failures.len() {
            1 => ClientVerdict::Again(Duration::ZERO),
            count if count >= MOST => ClientVerdict::GiveUp,
            count => {
                let doublings = u32::try_from(count - 2).unwrap_or(u32::MAX);
                ClientVerdict::Again((FIRST * 2_u32.saturating_pow(doublings)).min(LONGEST))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;
    use crate::server::end::Reason;

    fn ended(code: i32) -> RunEnd {
        RunEnd { reason: Reason::Exited, exit: Some(Exit::Code(code)), ready_for: None }
    }

    fn millis(pauses: &[u64]) -> Vec<ClientVerdict> {
        pauses.iter().map(|&pause| ClientVerdict::Again(Duration::from_millis(pause))).collect()
    }

    #[test]
    fn a_server_that_never_answered_is_tried_three_times() {
        let mut policy = ClientPolicy::default();
        let verdicts: Vec<_> = (0..4).map(|_| policy.decide(Order::Decide, ended(1), false, context::now())).collect();
        assert_eq!(verdicts[..3], millis(&[250, 500, 1000]));
        assert_eq!(verdicts[3], ClientVerdict::Leave);
        for code in [126, 127] {
            let verdict = ClientPolicy::default().decide(Order::Decide, ended(code), false, context::now());
            assert_eq!(verdict, ClientVerdict::Leave, "{code}");
        }
    }

    #[test]
    fn one_that_answered_comes_back_until_it_fails_too_often() {
        let (mut policy, now) = (ClientPolicy::default(), context::now());
        let verdicts: Vec<_> = (0..5).map(|_| policy.decide(Order::Decide, ended(1), true, now)).collect();
        assert_eq!(verdicts[..4], millis(&[0, 250, 500, 1000]));
        assert_eq!(verdicts[4], ClientVerdict::GiveUp);
        assert_eq!(policy.decide(Order::Decide, ended(0), true, now), ClientVerdict::OnRequest);
        assert_eq!(policy.decide(Order::Decide, ended(1), true, now + WITHIN), ClientVerdict::Again(Duration::ZERO));
        assert_eq!(policy.decide(Order::Leave, ended(1), true, now), ClientVerdict::Leave);
        assert_eq!(policy.decide(Order::Stop, ended(1), false, now), ClientVerdict::Stop);
        assert_eq!(policy.decide(Order::Again, ended(1), true, now), ClientVerdict::Again(Duration::ZERO));
    }
}
