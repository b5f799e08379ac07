//! What follows the end of a server, or a start that failed: it is asked of the policies, said, recorded and done.

use std::time::Duration;

use super::{Next, Supervisor};
use crate::log::central::Level;
use crate::mcp::relay::Next as Successor;
use crate::server::end::{End, Reason};
use crate::server::record::ServerState;
use crate::supervisor::child::StartError;
use crate::supervisor::client_link::{ClientLink, Rest};
use crate::supervisor::client_policy::ClientVerdict;
use crate::supervisor::end_report;
use crate::supervisor::held_port::PortOutcome;
use crate::supervisor::instance::EndedInstance;
use crate::supervisor::restart_policy::{Order, RunEnd, Verdict};
use crate::supervisor::shortcut;
use crate::sys::fd;
use crate::sys::wait::Exit;
use crate::{context, failpoint};

impl Supervisor {
    /// Records the end of a tree and sees to what follows.
    pub(super) fn follow(&mut self, ended: &EndedInstance) -> Next {
        if ended.ready_for.is_none() && ended.order == Order::Decide {
            shortcut::mistrust(&mut self.desk.plan);
        }
        if let Some(next) = self.see_to_port(ended) {
            return next;
        }
        let end = &ended.end;
        let run = RunEnd { reason: end.reason, exit: end.exit, ready_for: ended.ready_for };
        if let Some(next) = self.follow_for_client(end, ended.order, run) {
            return next;
        }
        // For a client that has left nothing is started again.
        let order = if self.desk.link().is_some() { Order::Leave } else { ended.order };
        let verdict = self.restart.decide(order, run, context::now(), jitter());
        self.tell_end(end, end_report::level(end, run, verdict));
        let next = match verdict {
            Verdict::Again(pause) => self.pause(end, pause),
            Verdict::Leave | Verdict::GiveUp if self.awaits_change(order) => self.let_mend(end, run, verdict),
            Verdict::Leave => {
                self.desk.record(ServerState::Ended(end.clone()));
                Next::Leave(shell_code(end))
            }
            Verdict::GiveUp => {
                let cause = end_report::give_up_cause(end, &self.desk.plan.record.settings);
                self.desk.note(Level::Error, &format!("not started again: {cause}"));
                self.fail(end, cause, shell_code(end))
            }
        };
        failpoint::kill("after-end");
        next
    }

    /// Says how a server ended, and waits until that is written: whoever waits for the end reads the log next.
    fn tell_end(&mut self, end: &End, level: Level) {
        self.desk.report_end(end, level);
        if let Some(text) = end_report::for_client(end, &self.desk.plan.record) {
            self.desk.say_to_client(&text);
        }
        failpoint::kill("before-end");
        self.desk.log.drain();
    }

    /// Leaves a server that would not be started again to its developer, who will change a file.
    fn let_mend(&mut self, end: &End, run: RunEnd, verdict: Verdict) -> Next {
        let settings = &self.desk.plan.record.settings;
        let cause = match verdict {
            Verdict::GiveUp => end_report::give_up_cause(end, settings),
            _ => end_report::why_and_how(end, settings),
        };
        self.await_change(end, Some(cause).filter(|_| run.is_failure()))
    }

    /// The same for a server whose client is still there: it keeps its connection, unless nothing ever answered, or
    /// nobody wants that.
    fn follow_for_client(&mut self, end: &End, order: Order, run: RunEnd) -> Option<Next> {
        let link = self.desk.link_mut().filter(|link| link.has_client())?;
        let verdict = link.decide(order, run, context::now());
        let level = match verdict {
            ClientVerdict::Leave => return None,
            ClientVerdict::GiveUp => Level::Error,
            _ if order == Order::Decide && run.is_failure() => Level::Warn,
            _ => Level::Info,
        };
        self.tell_end(end, level);
        let rest = Rest::after(&verdict, end, &self.desk.plan.record, context::now());
        self.desk.bury(end, rest.as_ref().map_or(Successor::Now, Rest::next));
        Some(match (verdict, rest) {
            (_, Some(rest)) => self.rest(end, rest),
            (ClientVerdict::Again(pause), None) => self.pause(end, pause),
            (_, None) => self.pause(end, Duration::ZERO),
        })
    }

    /// The same for a server that could not be executed: final if it never was ready, else a failure as others.
    pub(super) fn follow_unstarted(&mut self, error: &StartError) -> Next {
        self.desk.note(Level::Error, &error.cause);
        let hint = error.finding.as_ref().and_then(|finding| finding.hint.as_ref());
        self.desk.say_to_client(&hint.map_or_else(|| error.cause.clone(), |hint| format!("{}; {hint}", error.cause)));
        self.desk.log.drain();
        // What has to pass for a first start is not what a shell would report of it.
        let exit = if error.may_pass { None } else { Some(Exit::Code(error.code)) };
        let run = RunEnd { reason: Reason::Exited, exit, ready_for: None };
        let end = End { finding: error.finding.as_deref().cloned(), ..End::unstarted(Some(error.code)) };
        if let Some(next) = self.follow_for_client(&end, Order::Decide, run) {
            return next;
        }
        match self.restart.decide(Order::Decide, run, context::now(), jitter()) {
            Verdict::Again(pause) => self.pause(&end, pause),
            Verdict::Leave | Verdict::GiveUp if self.awaits_change(Order::Decide) => {
                self.await_change(&end, Some(error.cause.clone()))
            }
            Verdict::Leave | Verdict::GiveUp => {
                let (cause, finding) = (error.cause.clone(), end.finding);
                self.desk.record(ServerState::Failed { cause, code: error.code, given_up: false, finding });
                Next::Leave(error.code)
            }
        }
    }

    /// Sees to the port of a server that has ended, if that is the reason; then what follows is known.
    fn see_to_port(&mut self, ended: &EndedInstance) -> Option<Next> {
        let outcome = self.port.as_mut()?.see_to(ended);
        if !matches!(outcome, PortOutcome::NotTheReason) {
            self.desk.report_end(&ended.end, Level::Warn);
        }
        if matches!(outcome, PortOutcome::LetGo | PortOutcome::Moved { .. }) {
            self.desk.bury(&ended.end, Successor::Now);
        }
        match outcome {
            PortOutcome::NotTheReason => None,
            PortOutcome::LetGo => {
                self.desk.note(Level::Info, "trying once more with the port let go, in case that it does not share it");
                Some(Next::Start)
            }
            PortOutcome::Moved { from, to, by } => {
                self.desk.plan.record.port = Some(self.desk.plan.invocation.port(to));
                let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
                self.desk.note(Level::Warn, &format!("warning: port {from} was taken{by}; moving to port {to}"));
                Some(Next::Start)
            }
            PortOutcome::Lost(cause) => {
                self.desk.note(Level::Error, &cause);
                self.desk.say_to_client(&format!("could not run {}: {cause}", self.desk.plan.record.name));
                Some(self.fail(&ended.end, cause, 1))
            }
        }
    }

    /// Gives the server up; a client that one has answered keeps its connection.
    fn fail(&mut self, end: &End, cause: String, code: i32) -> Next {
        if self.desk.link().is_some_and(ClientLink::is_bound) {
            let rest = Rest::given_up(&cause, &self.desk.plan.record.name, context::now());
            self.desk.bury(end, rest.next());
            return self.rest(end, rest);
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Failed { cause, code, given_up: true, finding: None });
        Next::Leave(code)
    }

    /// Whether a server that has ended by itself stays there to be started again when a file changes: if it has ever been
    /// ready. A first start that fails is final.
    fn awaits_change(&self, order: Order) -> bool {
        self.desk.sources.files.is_some() && order == Order::Decide && self.restart.was_ready()
    }

    /// Does not start the server any more; or, if somebody has stopped it under its client, not until it is asked for.
    pub(super) fn call_off(&mut self, end: &End, reason: Reason) -> Next {
        // Who left while nothing ran hears of a failure only if there was one.
        let code = if end.is_wanted() { 0 } else { shell_code(end) };
        let end = End { reason, at: context::wall_millis(), took: 0, killed: false, ..end.clone() };
        if Order::after(reason) == Order::Stop && self.desk.link().is_some_and(ClientLink::has_client) {
            let rest = Rest::stopped(&self.desk.plan.record.name);
            self.desk.bury(&end, rest.next());
            return self.rest(&end, rest);
        }
        let text = reason.explain(&self.desk.plan.record.settings);
        let again = if self.desk.plan.record.last_end.is_some() { " again" } else { "" };
        self.desk.note(Level::Info, &format!("not started{again} because {text}"));
        self.desk.record(ServerState::Ended(end));
        Next::Leave(code)
    }
}

/// What a shell would report of a server that ended like this.
fn shell_code(end: &End) -> i32 {
    end.exit.map_or(1, Exit::shell_code)
}

/// Any number: servers that fell together are not to rise together.
fn jitter() -> u64 {
    fd::random().unwrap_or_default()
}
