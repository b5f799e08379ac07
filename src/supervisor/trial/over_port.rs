//! A copy of a server that listens on a port: started there, asked once it listens, ended.

use std::io;
use std::time::{Duration, Instant};

use super::activity::{self, Activity};
use super::allowance::Allowance;
use super::checker::{Checker, memory};
use super::farewell;
use super::http_checker::HttpTarget;
use super::life::Life;
use super::litter::Litter;
use super::report::TrialReport;
use crate::context;
use crate::mcp::check::doing::Doing;
use crate::mcp::check::ending;
use crate::mcp::check::finding::{Finding, Level};
use crate::mcp::check::learned::Learned;
use crate::mcp::check::words::{self, Exited};
use crate::mcp::http::address::Address;
use crate::mcp::http::request;
use crate::port::probe::{ListenAddress, PortProbe, ProbeResult};
use crate::server::secrets::Secrets;
use crate::supervisor::asking::asker::Asker;
use crate::supervisor::instance::collect_orphans;
use crate::sys::Pid;
use crate::units::deadline::Deadline;

/// What came of a start.
enum Attempt {
    Over(TrialReport),
    /// It ended before it listened: it may be one that cannot share its port with us, and is tried without.
    EndedEarly(TrialReport),
}

/// How it goes with a server that is to listen.
enum Arrival {
    Listens(ListenAddress),
    /// It ended before.
    Ended,
    Failed(Finding),
    CalledOff,
}

impl Checker {
    /// Checks a server that has a port, which has `limit` until it listens and as long for its first answer.
    pub(super) fn check_port(&mut self, number: u16, limit: Duration, findings: Vec<Finding>) -> TrialReport {
        let began = context::now();
        self.share_port();
        let mut attempt = self.attempt(number, limit, began);
        if let Attempt::EndedEarly(_) = attempt {
            self.release_port();
            attempt = self.attempt(number, limit, began);
        }
        let (Attempt::Over(mut report) | Attempt::EndedEarly(mut report)) = attempt;
        report.findings.extend(findings);
        report
    }

    fn attempt(&mut self, number: u16, limit: Duration, began: Instant) -> Attempt {
        if let Some(container) = &self.events.plan.container {
            container.make_room(None);
        }
        let mut life = match Life::start(&self.events.plan) {
            Ok(life) => life,
            Err(error) => {
                return Attempt::Over(TrialReport::unstarted(vec![words::unstartable(&error.to_string())]));
            }
        };
        let (finding, conclude): (_, fn(TrialReport) -> Attempt) = match self.await_listening(&mut life, number, limit)
        {
            Arrival::Listens(address) => {
                let target = self.target(number, address);
                let secrets = Secrets::new(target.as_ref().map_or(&[], |target| &target.secrets[..]));
                return Attempt::Over(self.ask(life, target, limit, began).masked(&secrets));
            }
            Arrival::Failed(finding) => (vec![finding], Attempt::Over),
            Arrival::CalledOff => (Vec::new(), Attempt::Over),
            Arrival::Ended => {
                let exit = life.exit().map(|exit| exit.to_string()).unwrap_or_default();
                let last_words = life.last_words();
                let exited = Exited { exit: &exit, last_words: &last_words };
                (vec![words::exited(&exited, &format!("before it listened on its port {number}"))], Attempt::EndedEarly)
            }
        };
        let exit = farewell::end_at_once(&mut self.events, &mut life);
        conclude(TrialReport { exit, stderr: life.last_words(), ..TrialReport::of(Learned::default(), finding) })
    }

    fn await_listening(&mut self, life: &mut Life, number: u16, limit: Duration) -> Arrival {
        let began = context::now();
        let mut probe = PortProbe::new(number, began, limit);
        let (mut deadline, mut allowance) = (Deadline::new(began + limit), Allowance::begin(life.pid, limit));
        let mut activity = Activity::begin(began);
        loop {
            let now = context::now();
            let again = match probe.probe(Pid::this(), now) {
                ProbeResult::Ready(address) => return Arrival::Listens(address),
                ProbeResult::NotReady(again) => again,
                ProbeResult::Foreign(_) => return Arrival::Failed(words::port_taken(number)),
            };
            if life.exit().is_some() {
                return Arrival::Ended;
            }
            if now >= deadline.at().min(activity.due()) {
                deadline.put_off(allowance.more());
            }
            if deadline.is_over(now) {
                let mut seen = activity.seen(life, now);
                if activity::listens() {
                    seen.doing = Doing::Listens;
                }
                return Arrival::Failed(words::does_not_listen(number, limit.as_secs(), &seen));
            }
            self.events.wait(Some(life), activity.due().min(now + again));
            collect_orphans(life.pid);
            life.log_output();
            if let Some(doing) = activity.look(life, context::now()) {
                self.tell_doing(doing);
            }
            if activity.is_launched {
                self.give_turn_back();
            }
            if self.events.is_called_off {
                return Arrival::CalledOff;
            }
        }
    }

    fn ask(&mut self, mut life: Life, target: io::Result<HttpTarget>, limit: Duration, began: Instant) -> TrialReport {
        self.give_turn_back();
        let until_it_listened = context::now().duration_since(began);
        let (mut learned, mut findings) = match target {
            Ok(target) => self.speak(target.asker(limit), &mut life, limit),
            Err(error) => (Learned::default(), vec![words::unreachable(&error.to_string())]),
        };
        learned.handshake = learned.handshake.map(|time| time + until_it_listened);
        let has_failed = |findings: &[Finding]| findings.iter().any(|finding| finding.level == Level::Error);
        if let Some(exit) = life.exit().filter(|_| has_failed(&findings)) {
            let last_words = life.last_words();
            let exited = Exited { exit: &exit.to_string(), last_words: &last_words };
            findings = vec![words::exited(&exited, "when it was asked")];
        }
        if has_failed(&findings) || self.events.is_called_off {
            let exit = farewell::end_at_once(&mut self.events, &mut life);
            return TrialReport { exit, stderr: life.last_words(), ..TrialReport::of(learned, findings) };
        }
        let (memory, ending) = (memory(), context::now());
        self.litter.iter_mut().for_each(Litter::look);
        let (exit, course) = farewell::dismiss(&mut self.events, &mut life);
        findings.extend(ending::examine(&course));
        findings.extend(self.litter.as_ref().and_then(Litter::finding));
        let mut report = TrialReport { memory, exit, stderr: life.last_words(), ..TrialReport::of(learned, findings) };
        report.timings_ms.lifecycle = Some(context::elapsed_millis(ending));
        report
    }

    /// Asks it, while its output is read.
    fn speak(&mut self, mut asker: Asker, life: &mut Life, limit: Duration) -> (Learned, Vec<Finding>) {
        let mut allowance = Allowance::begin(life.pid, limit);
        while !asker.advance(context::now()) {
            if self.events.is_called_off {
                return (Learned::default(), Vec::new());
            }
            self.events.wait_asking(life, &asker);
            if asker.due_in(context::now()).is_zero() {
                asker.put_off(allowance.more());
            }
            collect_orphans(life.pid);
            life.log_output();
        }
        (asker.conversation.learned, asker.conversation.findings)
    }

    /// Where it is asked: at the path of its `url`, on its port.
    fn target(&mut self, number: u16, at: ListenAddress) -> io::Result<HttpTarget> {
        let plan = &mut self.events.plan;
        let mut endpoint = plan.invocation.port(number);
        endpoint.address = Some(at.address);
        let url = plan.invocation.url.as_ref().map(|url| url.render(Some(number)));
        endpoint.url = url.filter(|url| Address::parse(url).is_ok_and(|address| address.port == number));
        let address = Address::parse(&endpoint.url()).map_err(io::Error::other)?;
        let headers = plan.invocation.headers(number);
        let secrets = request::secrets(&headers);
        Ok(HttpTarget { address, headers, secrets })
    }

    fn share_port(&mut self) {
        if let Some(lease) = &mut self.events.plan.lease {
            lease.share();
        }
    }

    fn release_port(&mut self) {
        if let Some(lease) = &mut self.events.plan.lease {
            lease.let_go();
        }
    }
}
