//! What follows the end of a server's tree: nothing, or another start, perhaps after a pause.

use std::time::Duration;

use super::child::Failure;
use super::instance;
use super::port::Mended;
use super::restart_policy::{Ended, MOST, Order, Verdict, WITHIN};
use super::supervise::Supervisor;
use crate::log::central::Level;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerState};
use crate::server::settings::Restart;
use crate::sys::fd;
use crate::sys::wait::{self, Collected, Exit};
use crate::{context, failpoint};

impl Supervisor {
    /// Records the end of a tree and sees to what follows. `None`: it is to be started now. Otherwise what a shell would
    /// report of the server.
    pub(super) fn follow(&mut self, ended: instance::Ended) -> Option<i32> {
        let instance::Ended { end, ready_for, is_launched, order } = ended;
        let fact = Ended { reason: end.reason, exit: end.exit, ready_for };
        match self.mend_port(&end, ready_for.is_some() || !is_launched, order) {
            Mended::NotNeeded => {}
            Mended::Again => return None,
            Mended::Over(code) => return Some(code),
        }
        let verdict = match order {
            Order::Leave => Verdict::Leave,
            Order::Again => {
                self.past.remember(ready_for);
                self.past.forget();
                Verdict::Again(Duration::ZERO)
            }
            Order::Decide => self.past.judge(self.policy(), fact, context::now(), fd::random().unwrap_or_default()),
        };
        self.note_end(&end, level(&end, fact, verdict));
        self.tell_client(&end);
        let code = end.exit.map_or(1, Exit::shell_code);
        failpoint::kill("before-end");
        // Whoever waits for the end reads the log next.
        self.log.drain();
        let followed = match verdict {
            Verdict::Leave => {
                self.record(ServerState::Ended(end));
                Some(code)
            }
            Verdict::GiveUp => {
                self.give_up(end, code);
                Some(code)
            }
            Verdict::Again(pause) => self.pause(end, pause),
        };
        failpoint::kill("after-end");
        followed
    }

    /// The same for a server that could not be executed: final if it never was ready, else a failure as others.
    pub(super) fn follow_unstarted(&mut self, failure: Failure) -> Option<i32> {
        self.note(Level::Error, &failure.cause);
        if let Some(client) = &mut self.client_error {
            client.say(&failure.cause);
        }
        self.log.drain();
        let exit = Some(Exit::Code(failure.code));
        // What has to pass for a first start is not what a shell would report of it.
        let fact = Ended { reason: Reason::Exited, exit: exit.filter(|_| !failure.may_pass), ready_for: None };
        match self.past.judge(self.policy(), fact, context::now(), fd::random().unwrap_or_default()) {
            Verdict::Again(pause) => self.pause(End::unstarted(Some(failure.code)), pause),
            Verdict::Leave | Verdict::GiveUp => {
                self.record(ServerState::Failed { cause: failure.cause, code: failure.code });
                Some(failure.code)
            }
        }
    }

    /// A client that talks to a server has a state that a new one would not know.
    fn policy(&self) -> Restart {
        match self.plan.record.mode {
            Mode::Start => self.plan.record.settings.restart,
            Mode::Run => Restart::No,
        }
    }

    pub(super) fn note_end(&mut self, end: &End, level: Level) {
        let why = end.reason.explain(&self.plan.record.settings);
        let how = exit_text(end.exit);
        self.note(level, &format!("ended because {why}: {how}, after {} ms", end.took));
        if let Some(client) = self.client_error.as_mut().filter(|_| level == Level::Error) {
            let (name, log) = (&self.plan.record.name, &self.plan.paths.log);
            client.say(&format!("{name} ended because {why}: {how}; its log is {log}"));
        }
        for pid in &end.kept {
            self.note(Level::Info, &format!("let go of pid {pid}: it has MCP_HOOK_KEEP=1"));
        }
        for escaped in &end.escaped {
            self.note(Level::Info, &format!("ended {escaped} as well: it had left the server's group"));
        }
    }

    /// A client that sees nothing but the end of a stream is to know whose doing it was.
    fn tell_client(&mut self, end: &End) {
        if let (Reason::OverMemory, Some(client)) = (end.reason, &mut self.client_error) {
            let why = end.reason.explain(&self.plan.record.settings);
            client.say(&format!("ended {} because {why}", self.plan.record.name));
        }
    }

    fn give_up(&mut self, end: End, code: i32) {
        let verb = if self.plan.record.settings.restart == Restart::Always { "ended" } else { "failed" };
        let last = match end.reason {
            Reason::Exited => format!("with {}", exit_text(end.exit)),
            reason => format!("because {}", reason.explain(&self.plan.record.settings)),
        };
        let cause = format!("it {verb} {MOST} times within {} s, last {last}", WITHIN.as_secs());
        self.note(Level::Error, &format!("not started again: {cause}"));
        self.plan.record.last_end = Some(end);
        self.record(ServerState::Failed { cause, code });
    }

    /// Waits until the server is to be started again (`None`) or somebody does not want that any more.
    fn pause(&mut self, end: End, pause: Duration) -> Option<i32> {
        let until = context::now() + pause;
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        if !pause.is_zero() {
            self.note(Level::Info, &format!("will be started again in {:.2} s", pause.as_secs_f64()));
        }
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Waiting { end: end.clone(), until: context::wall_millis().saturating_add(millis) });
        failpoint::kill("waiting");
        loop {
            let left = until.saturating_duration_since(context::now());
            if left.is_zero() {
                break;
            }
            match self.wait(None, Some(left)).map(|reason| (reason, Order::after(reason))) {
                Some((reason, Order::Leave)) => return Some(self.call_off(end, reason)),
                Some((_, Order::Again)) => {
                    self.past.forget();
                    break;
                }
                // One that was let go may have ended.
                _ => while matches!(wait::collect(), Collected::One(..)) {},
            }
        }
        self.plan.record.restarts += 1;
        None
    }

    pub(super) fn call_off(&mut self, end: End, reason: Reason) -> i32 {
        let text = reason.explain(&self.plan.record.settings);
        let again = if self.plan.record.last_end.is_some() { " again" } else { "" };
        self.note(Level::Info, &format!("not started{again} because {text}"));
        let code = end.exit.map_or(1, Exit::shell_code);
        self.record(ServerState::Ended(End { reason, at: context::wall_millis(), took: 0, killed: false, ..end }));
        code
    }
}

/// How grave an end is.
fn level(end: &End, fact: Ended, verdict: Verdict) -> Level {
    let is_unexpected = Order::after(end.reason) == Order::Decide && (fact.is_failure() || end.early);
    match (end.reason, verdict) {
        (Reason::KeeperLost, _) => Level::Warn,
        _ if !is_unexpected => Level::Info,
        (_, Verdict::Again(_)) => Level::Warn,
        (_, Verdict::Leave | Verdict::GiveUp) => Level::Error,
    }
}

fn exit_text(exit: Option<Exit>) -> String {
    exit.map_or_else(|| "unknown status".to_owned(), |exit| exit.to_string())
}
