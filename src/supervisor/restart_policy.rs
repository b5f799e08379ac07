//! Whether a server that has ended is started again, and when: pure decisions.

use std::time::{Duration, Instant};

use crate::server::end::{End, Reason};
use crate::server::settings::Restart;
use crate::sys::wait::Exit;

/// The first pause; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);
/// A server that was ready for this long is well: what was before is forgotten.
pub const HEALTH: Duration = Duration::from_secs(30);
/// How often a first start is tried again that nobody watched.
const TRIES: u32 = 3;
/// The first pause before that: what failed is the network, or a cache that others fill.
const FIRST_TRY: Duration = Duration::from_secs(1);
/// So many failures …
pub const MOST: usize = 5;
/// … within this time are too many.
pub const WITHIN: Duration = Duration::from_mins(1);
/// What a shell reports of a command that could not be executed. For a first start, trying again does not help.
const COULD_NOT_START: std::ops::RangeInclusive<i32> = 125..=127;

/// What is to follow the end of a tree, by the reasons for which it was ended. The greatest of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Nobody said: the policy decides.
    Decide,
    /// Another start, at once.
    Again,
    /// Nothing, until somebody asks for the server.
    Stop,
    /// Nothing.
    Leave,
}

/// How a run of the server ended, as far as the policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Why.
    pub reason: Reason,
    /// How its first process ended.
    pub exit: Option<Exit>,
    /// How long it had been ready, if it ever was.
    pub ready_for: Option<Duration>,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is started again after this time.
    Again(Duration),
    /// It is not started again.
    Leave,
    /// It would be, but it failed too often.
    GiveUp,
}

/// The policy of a server and what is remembered of its earlier ends.
#[derive(Clone, Debug)]
pub struct RestartPolicy {
    restart: Restart,
    was_ready: bool,
    /// Whether a first start that fails is tried again: nobody sees that it did.
    insists: bool,
    /// When it failed, the latest last.
    failures: Vec<Instant>,
    /// How many pauses there were since it was well.
    pauses: u32,
}

impl Order {
    /// What follows if this is why the tree is ended.
    pub fn after(reason: Reason) -> Self {
        match reason {
            Reason::Exited | Reason::NotReady | Reason::OverMemory | Reason::PortTaken => Self::Decide,
            Reason::Unusable | Reason::Unhealthy => Self::Decide,
            // Its client decides, by the next message.
            Reason::Idle => Self::Decide,
            Reason::Restarted | Reason::FileChanged => Self::Again,
            Reason::Stopped => Self::Stop,
            Reason::SessionEnded | Reason::ClientGone | Reason::ClientSignal => Self::Leave,
            Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost => Self::Leave,
        }
    }
}

impl RunEnd {
    /// Whether it should not have ended like this.
    pub fn is_failure(&self) -> bool {
        match self.reason {
            Reason::Idle => false,
            Reason::Exited => self.exit != Some(Exit::Code(0)),
            _ => true,
        }
    }
}

impl RestartPolicy {
    /// Nothing has ended yet; `insists` if nobody sees a first start that fails, so that it is tried again.
    pub fn new(restart: Restart, insists: bool) -> Self {
        Self { restart, insists, was_ready: false, failures: Vec::new(), pauses: 0 }
    }

    /// Whether the server has ever been ready.
    pub fn was_ready(&self) -> bool {
        self.was_ready
    }

    /// Decides what follows an end, if `order` leaves that to the policy. `jitter` is any number: servers that fell together
    /// are not to rise together.
    pub fn decide(&mut self, order: Order, ended: RunEnd, now: Instant, jitter: u64) -> Verdict {
        match order {
            Order::Stop | Order::Leave => Verdict::Leave,
            Order::Again => {
                self.remember(ended.ready_for);
                self.forget();
                Verdict::Again(Duration::ZERO)
            }
            Order::Decide => self.judge(ended, now, jitter),
        }
    }

    fn judge(&mut self, ended: RunEnd, now: Instant, jitter: u64) -> Verdict {
        self.remember(ended.ready_for);
        let is_wanted = match self.restart {
            Restart::No => false,
            Restart::OnFailure => ended.is_failure(),
            Restart::Always => true,
        };
        if !is_wanted {
            return Verdict::Leave;
        }
        if !self.was_ready {
            return self.try_first_again(ended, jitter);
        }
        self.failures.retain(|&at| now.duration_since(at) < WITHIN);
        self.failures.push(now);
        if self.failures.len() >= MOST {
            return Verdict::GiveUp;
        }
        let pause = pause(self.pauses, jitter);
        self.pauses += 1;
        Verdict::Again(pause)
    }

    fn try_first_again(&mut self, ended: RunEnd, jitter: u64) -> Verdict {
        let is_final = matches!(ended.exit, Some(Exit::Code(code)) if COULD_NOT_START.contains(&code));
        if !self.insists || is_final || self.pauses >= TRIES {
            return Verdict::Leave;
        }
        self.pauses += 1;
        Verdict::Again(shorten(FIRST_TRY * 2_u32.pow(self.pauses - 1), jitter))
    }

    /// Takes in how long a server had been ready that has ended, for whatever reason.
    fn remember(&mut self, ready_for: Option<Duration>) {
        if ready_for.is_some() && !self.was_ready {
            self.was_ready = true;
            self.forget();
        }
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

/// Whether a server was ready that only seemed so for this long: not if it soon gave up by itself.
pub fn was_ready(end: &End, seemed: Duration) -> bool {
    let gave_up = end.reason == Reason::Exited && matches!(end.exit, Some(Exit::Code(code)) if code != 0);
    !gave_up || seemed >= HEALTH
}

/// The pause after so many others, up to a quarter shorter.
fn pause(earlier: u32, jitter: u64) -> Duration {
    shorten(FIRST.saturating_mul(2_u32.saturating_pow(earlier)).min(LONGEST), jitter)
}

fn shorten(whole: Duration, jitter: u64) -> Duration {
    let part = u32::try_from(jitter % 1000).unwrap_or_default();
    whole.saturating_sub(whole / 4 * part / 1000)
}

#[cfg(test)]
mod tests;
