//! The time without a server: a pause before the next start, or a rest until somebody asks for it.

use std::time::{Duration, Instant};

use super::{Next, Supervisor};
use crate::log::central::Level;
use crate::server::end::{End, Reason};
use crate::server::record::ServerState;
use crate::supervisor::client_link::{ClientLink, Rest};
use crate::supervisor::restart_policy::Order;
use crate::sys::wait::{self, Collected};
use crate::units::time;
use crate::{context, failpoint};

impl Supervisor {
    /// Keeps the client's connection without a server until one is wanted again.
    pub(super) fn rest(&mut self, end: &End, mut rest: Rest) -> Next {
        if let Some(cause) = &rest.cause {
            let level = if rest.until.is_some() { Level::Error } else { Level::Info };
            self.desk.note(level, &format!("not started again: {cause}"));
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Idle { end: end.clone(), cause: rest.cause.clone() });
        while !self.desk.link().is_some_and(ClientLink::is_wanted) {
            let left = rest.left(context::now());
            if left == Some(Duration::ZERO) {
                rest = Rest { cause: None, until: None };
                self.desk.link_mut().map(ClientLink::await_request);
                self.desk.record(ServerState::Idle { end: end.clone(), cause: None });
            }
            if let Some(next) = self.idle(end, left) {
                return next;
            }
        }
        self.start_again()
    }

    /// Waits until the server is to be started again or somebody does not want that any more.
    pub(super) fn pause(&mut self, end: &End, pause: Duration) -> Next {
        let until = context::now() + pause;
        let millis = time::millis(pause);
        if !pause.is_zero() {
            self.desk.note(Level::Info, &format!("will be started again in {:.2} s", pause.as_secs_f64()));
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk
            .record(ServerState::Waiting { end: end.clone(), until: context::wall_millis().saturating_add(millis) });
        failpoint::kill("waiting");
        self.await_start(end, Some(until))
    }

    /// The developer will mend it.
    pub(super) fn await_change(&mut self, end: &End, cause: Option<String>) -> Next {
        self.desk.note(Level::Info, "will be started again when a watched file changes");
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Idle { end: end.clone(), cause });
        self.await_start(end, None)
    }

    fn await_start(&mut self, end: &End, until: Option<Instant>) -> Next {
        loop {
            let left = until.map(|until| until.saturating_duration_since(context::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return self.start_again();
            }
            if let Some(next) = self.idle(end, left) {
                return next;
            }
        }
    }

    /// Waits while no server runs, at most for `limit`. Returns what follows, if somebody has said so.
    fn idle(&mut self, end: &End, limit: Option<Duration>) -> Option<Next> {
        let reason = self.desk.wait(None, limit);
        // One that was let go may have ended.
        while matches!(wait::collect(), Collected::One(..)) {}
        let has_left = self.desk.link().is_some_and(|link| !link.has_client());
        let reason = reason.or(has_left.then_some(Reason::ClientGone))?;
        match Order::after(reason) {
            Order::Decide => None,
            // The next message will find what has changed.
            _ if reason == Reason::FileChanged && matches!(end.reason, Reason::Idle | Reason::Stopped) => None,
            Order::Again => {
                self.desk.note_change(reason);
                self.restart.forget();
                self.desk.link_mut().map(ClientLink::revive);
                Some(self.start_again())
            }
            Order::Stop | Order::Leave => Some(self.call_off(end, reason)),
        }
    }

    fn start_again(&mut self) -> Next {
        self.desk.plan.record.restarts += 1;
        Next::Start
    }
}
