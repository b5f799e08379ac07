//! The question that a server is asked every so often.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::asker::{Asker, Place};
use super::target::AskTarget;
use crate::context;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::over_http::{Goal, HttpConversation};
use crate::server::health::{self, Health};
use crate::server::settings::Restart;
use crate::supervisor::plan::Plan;
use crate::sys::poll::Poller;
use crate::units::deadline::Deadline;
use crate::units::time;

pub struct HealthCheck {
    target: AskTarget,
    settings: health::HealthCheck,
    /// Whether it is started again after too many failures.
    is_followed: bool,
    /// Between two questions: a server that keeps sessions is asked in one.
    conversation: Option<HttpConversation>,
    asker: Option<Asker>,
    /// When it is asked next, or its answer is not waited for any more.
    due: Deadline,
    pub health: Health,
    /// Whether it is to be ended.
    is_lost: bool,
}

/// How long a server that is lost may take to end by itself: one that is dying hangs up first.
const DIES: Duration = Duration::from_millis(200);

/// What is to be done next.
#[derive(Debug)]
pub enum Pulse {
    /// It is to be looked at again after this time.
    Wait(Duration),
    /// The question is over; true if what is known of its health is new.
    Asked(bool),
    /// It is to be ended.
    Lost,
}

impl HealthCheck {
    /// For a server that is started now, if it is to be asked.
    pub fn of(plan: &Plan, now: Instant) -> Option<Self> {
        let settings = plan.record.settings.health?;
        let health = plan.record.health.as_ref()?.begin_anew();
        let target = AskTarget::of(plan)?;
        let is_followed = plan.record.settings.restart != Restart::No;
        let due = Deadline::new(now);
        Some(Self { target, settings, is_followed, conversation: None, asker: None, due, health, is_lost: false })
    }

    /// The server is ready; so is its answer if that was the sign.
    pub fn begin(&mut self, has_answered: bool, now: Instant) {
        self.due = Deadline::new(now + self.every());
        if has_answered {
            self.health.take(None, context::wall_millis(), self.settings.failures);
        }
    }

    pub fn register<'fd, Key: Copy>(&'fd self, poller: &mut Poller<'fd, Key>, key: Key) {
        if let Some(asker) = &self.asker {
            asker.register(poller, key);
        }
    }

    /// Goes on, with a server that was `seen` to listen there.
    pub fn advance(&mut self, seen: Option<IpAddr>, now: Instant) -> Pulse {
        let left = self.due.left(now);
        if self.asker.is_none() {
            if !left.is_zero() {
                return Pulse::Wait(left);
            }
            if self.is_lost {
                return Pulse::Lost;
            }
            self.asker = Some(self.ask(seen, now));
        }
        let Some(asker) = &mut self.asker else { return Pulse::Wait(left) };
        let is_over = asker.advance(now);
        if !is_over && !self.due.is_over(now) {
            return Pulse::Wait(self.due.left(now).min(asker.due_in(now)));
        }
        let fault = asker.fault().filter(|fault| is_over && fault.code != Code::NoAnswer);
        let fault = fault.map(|fault| self.target.tame(fault));
        let is_silent = !is_over || (fault.is_none() && asker.fault().is_some());
        let fault = fault.or(is_silent.then(|| self.silence()));
        self.conclude(fault, now)
    }

    fn conclude(&mut self, fault: Option<Finding>, now: Instant) -> Pulse {
        self.conversation = self.asker.take().map(|asker| asker.conversation);
        if let Some(conversation) = self.conversation.as_mut().filter(|_| fault.is_some()) {
            conversation.findings.extend(fault.clone());
        }
        let most = self.settings.failures;
        let is_new = self.health.take(fault, context::wall_millis(), most);
        self.is_lost = self.is_followed && self.health.is_lost(most);
        self.due = Deadline::new(now + if self.is_lost { DIES } else { self.every() });
        Pulse::Asked(is_new)
    }

    fn silence(&self) -> Finding {
        let limit = time::exact(Duration::from_millis(self.settings.timeout_ms));
        Finding::new(Code::NoAnswer, format!("no answer for {limit}"))
    }

    fn ask(&mut self, seen: Option<IpAddr>, now: Instant) -> Asker {
        let limit = Duration::from_millis(self.settings.timeout_ms);
        let mut conversation = self.conversation.take().unwrap_or_else(|| {
            let AskTarget { address, headers, .. } = self.target.clone();
            HttpConversation::begin(address, headers, limit, now).with_goal(Goal::Pulse)
        });
        conversation.ask_again();
        self.due = Deadline::new(now + limit);
        Asker::new(Place::Own(self.target.place(seen)), conversation, now)
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.settings.every_ms)
    }

    /// Says no more.
    pub fn hang_up(&mut self) {
        self.asker = None;
    }
}

#[cfg(test)]
mod tests;
