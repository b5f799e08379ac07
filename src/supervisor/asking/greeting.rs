//! The handshake by which a server is seen to be ready.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::asker::{Asker, Place};
use super::target::AskTarget;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::over_http::{Goal, HttpConversation};
use crate::sys::poll::Poller;

/// The first pause between two attempts; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
/// What a server says that does not change by waiting.
const FINAL: [Code; 5] = [Code::NeedsLogin, Code::NeedsToken, Code::TokenRefused, Code::Forbidden, Code::WrongHost];
/// How long an attempt goes on before the server is said not to answer.
const SILENT: Duration = Duration::from_secs(1);

pub struct Greeting {
    target: AskTarget,
    /// How long an answer is waited for.
    limit: Duration,
    asker: Option<Asker>,
    again: Instant,
    pause: Duration,
    is_answered: bool,
    /// What came of the last attempt.
    seen: Option<Finding>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeted {
    /// To be looked at again after this time.
    NotYet(Duration),
    /// The server has answered. There is still something to be said after this time, or there is not.
    Answered(Option<Duration>),
    /// It is not going to answer better.
    Refused,
}

impl Greeting {
    pub fn new(target: AskTarget, limit: Duration, now: Instant) -> Self {
        Self { target, limit, asker: None, again: now, pause: FIRST, is_answered: false, seen: None }
    }

    pub fn register<'fd, Key: Copy>(&'fd self, poller: &mut Poller<'fd, Key>, key: Key) {
        if let Some(asker) = &self.asker {
            asker.register(poller, key);
        }
    }

    /// Goes on with a server that listens, at `seen`.
    pub fn advance(&mut self, seen: IpAddr, now: Instant) -> Greeted {
        let left = self.again.saturating_duration_since(now);
        if self.asker.is_none() && !left.is_zero() {
            return Greeted::NotYet(left);
        }
        let asker = self.asker.get_or_insert_with(|| {
            let AskTarget { address, headers, .. } = self.target.clone();
            let conversation = HttpConversation::begin(address, headers, self.limit, now);
            Asker::new(Place::Own(self.target.place(Some(seen))), conversation.with_goal(Goal::Handshake), now)
        });
        let is_over = asker.advance(now);
        self.is_answered |= asker.conversation.learned.introduction.is_some();
        let due = asker.due_in(now);
        match (self.is_answered, is_over) {
            (true, true) => Greeted::Answered(None),
            (true, false) => Greeted::Answered(Some(due)),
            (false, false) => Greeted::NotYet(due),
            (false, true) => self.give_up(now),
        }
    }

    fn give_up(&mut self, now: Instant) -> Greeted {
        let fault = self.asker.take().and_then(|asker| asker.fault().map(|fault| self.target.tame(fault)));
        let is_final = fault.as_ref().is_some_and(|fault| FINAL.contains(&fault.code));
        self.seen = fault.or(self.seen.take());
        if is_final {
            return Greeted::Refused;
        }
        let pause = self.pause;
        (self.again, self.pause) = (now + pause, (pause * 2).min(LONGEST));
        Greeted::NotYet(pause)
    }

    /// Says no more.
    pub fn hang_up(&mut self) {
        self.asker = None;
    }

    /// Why there is no answer, as far as that was seen.
    pub fn fault(&self, now: Instant) -> Option<Finding> {
        let is_silent = match (&self.asker, &self.seen) {
            (_, Some(seen)) if seen.code == Code::NoAnswer => true,
            (Some(asker), seen) => seen.is_none() || now.duration_since(asker.began) >= SILENT,
            (None, _) => false,
        };
        let silence = Finding::new(Code::NoAnswer, "it takes the connection and does not answer")
            .hint("see its log; --ready-timeout (\"timeout\" under \"ready\") waits longer");
        if is_silent { Some(silence) } else { self.seen.clone() }
    }
}
