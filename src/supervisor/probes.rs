//! The looks at a server that tell whether it counts as started, serves, and listens on its port.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::action::Action;
use super::asking::greeting::{Greeted, Greeting};
use super::asking::health_check::{HealthCheck, Pulse};
use super::asking::target::AskTarget;
use super::child::StartError;
use super::events::Source;
use super::plan::Plan;
use super::readiness::{Answer, Readiness};
use super::restart_policy::HEALTH;
use super::signs::{self, Sight};
use crate::context;
use crate::mcp::check::finding::Finding;
use crate::port::probe::{PortProbe, ProbeResult};
use crate::server::end::Reason;
use crate::server::launcher::Launcher;
use crate::server::record::{Mode, ServerRecord};
use crate::server::settings::ReadyWhen;
use crate::sys::Pid;
use crate::sys::poll::Poller;
use crate::sys::waits::Input;

/// What was seen of a server, and what is still looked for.
pub struct Probes {
    /// What is looked at until it counts as started.
    pub readiness: Option<Readiness>,
    /// Asks for the handshake, if that tells whether it is ready.
    greeting: Option<Greeting>,
    /// Asks it every so often once it is ready, if that is wanted.
    health: Option<HealthCheck>,
    /// Where it was seen to listen.
    place: Option<IpAddr>,
    /// Looks at its port, until it is seen to listen there or nobody expects that any more.
    port_probe: Option<PortProbe>,
    /// Since when it counts as started.
    pub ready_since: Option<Instant>,
    /// Whether it was seen to serve, or did what the user takes for that.
    pub has_served: bool,
    /// When to look again whether it serves, and how long the pause before was; `None` if that is known.
    doubt: Option<(Instant, Duration)>,
}

/// The first pause before another look at a server that only seems to be started; each one is twice as long.
const DOUBT: Duration = Duration::from_secs(1);

impl Probes {
    /// For a server that is started now.
    pub fn new(plan: &Plan, now: Instant) -> Result<Self, StartError> {
        let limit = Duration::from_millis(plan.record.settings.ready.timeout_ms);
        Ok(Self {
            readiness: Some(readiness(plan, now)?),
            greeting: greeting(plan, limit, now),
            health: HealthCheck::of(plan, now),
            place: None,
            port_probe: plan.port().map(|port| PortProbe::new(port, now, limit)),
            ready_since: None,
            has_served: false,
            doubt: None,
        })
    }

    /// Whether the server itself was run, not only what was to fetch it.
    pub fn is_launched(&self) -> bool {
        self.readiness.as_ref().is_none_or(|readiness| readiness.launching().is_none())
    }

    /// Asks whether the server counts as started and listens on its port, until both are known; returns when to ask again.
    pub fn look(
        &mut self,
        record: &ServerRecord,
        input: Option<Input>,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Duration>, Reason> {
        let now = context::now();
        let (listens, look_again) = self.look_at_port(now, actions)?;
        let look_again = sooner(look_again, self.greet(now)?);
        let look_again = sooner(look_again, self.look_after(now, actions)?);
        let Some(mut readiness) = self.readiness.take() else {
            return Ok(sooner(look_again, self.look_whether_serving(input, now)));
        };
        look_at_tree(&mut readiness, input, now, actions);
        match readiness.ask(now, listens) {
            Answer::NotYet(again) => {
                self.readiness = Some(readiness);
                return Ok(sooner(look_again, Some(again)));
            }
            // A client has time limits of its own, and may be content with what we did not see.
            Answer::Lost(Reason::NotReady) if record.mode == Mode::Run => {
                actions.push(Action::Warn(Reason::NotReady.explain(&record.settings).into_owned()));
            }
            Answer::Lost(reason) => {
                self.readiness = Some(readiness);
                return Err(reason);
            }
            Answer::Ready => self.become_ready(true, record, now, actions),
            Answer::Assumed => {
                self.doubt = Some((now + DOUBT, DOUBT));
                self.become_ready(false, record, now, actions);
            }
        }
        actions.extend([Action::EndTurn, Action::TrimMemory]);
        if listens {
            self.port_probe = None;
        }
        let look_again = sooner(look_again, self.look_after(now, actions)?);
        Ok(sooner(look_again, self.doubt.map(|(_, pause)| pause)))
    }

    /// Goes on asking for the handshake once it listens. Returns when to go on.
    fn greet(&mut self, now: Instant) -> Result<Option<Duration>, Reason> {
        let (Some(greeting), Some(place)) = (&mut self.greeting, self.place) else { return Ok(None) };
        match greeting.advance(place, now) {
            Greeted::NotYet(again) => Ok(Some(again)),
            Greeted::Refused => Err(Reason::NotReady),
            Greeted::Answered(again) => {
                if let Some(readiness) = &mut self.readiness {
                    readiness.hear_answer();
                }
                if again.is_none() {
                    self.greeting = None;
                }
                Ok(again)
            }
        }
    }

    fn begin_health(&mut self, record: &ServerRecord, now: Instant, actions: &mut Vec<Action>) {
        if let Some(check) = &mut self.health {
            check.begin(record.settings.ready.when == ReadyWhen::Mcp, now);
            actions.push(Action::NoteHealth(check.health.clone()));
        }
    }

    /// Asks a server that is ready whether it answers, every so often. Returns when to go on.
    fn look_after(&mut self, now: Instant, actions: &mut Vec<Action>) -> Result<Option<Duration>, Reason> {
        let Some(check) = self.health.as_mut().filter(|_| self.ready_since.is_some()) else { return Ok(None) };
        match check.advance(self.place, now) {
            Pulse::Wait(again) => Ok(Some(again)),
            Pulse::Lost => Err(Reason::Unhealthy),
            Pulse::Asked(is_new) => {
                if is_new {
                    actions.push(Action::NoteHealth(check.health.clone()));
                }
                actions.push(Action::TrimMemory);
                Ok(Some(Duration::ZERO))
            }
        }
    }

    /// What was seen of why it has to be ended for this reason.
    pub fn take_finding(&mut self, reason: Reason) -> Option<Finding> {
        match reason {
            Reason::NotReady => self.greeting.as_ref()?.fault(context::now()),
            Reason::Unhealthy => self.health.as_ref()?.health.finding.clone(),
            _ => None,
        }
    }

    /// Hangs up: some servers end only once their connections have.
    pub fn hang_up(&mut self) {
        if let Some(greeting) = &mut self.greeting {
            greeting.hang_up();
        }
        if let Some(check) = &mut self.health {
            check.hang_up();
        }
    }

    pub fn register<'fd>(&'fd self, poller: &mut Poller<'fd, Source>) {
        if let Some(greeting) = &self.greeting {
            greeting.register(poller, Source::Asked);
        }
        if let Some(check) = &self.health {
            check.register(poller, Source::Asked);
        }
    }

    fn become_ready(&mut self, has_served: bool, record: &ServerRecord, now: Instant, actions: &mut Vec<Action>) {
        self.ready_since = Some(context::now());
        self.has_served = has_served;
        // Whoever waits for the start reads all of it afterwards.
        self.begin_health(record, now, actions);
        actions.push(Action::BecomeReady);
    }

    /// Looks whether the server listens on its port; returns that, and when to look again.
    fn look_at_port(&mut self, now: Instant, actions: &mut Vec<Action>) -> Result<(bool, Option<Duration>), Reason> {
        let Some(probe) = &mut self.port_probe else { return Ok((false, None)) };
        let is_ready = self.readiness.is_none();
        let is_over = is_ready && probe.is_over(now);
        let (listens, again) = match probe.probe(Pid::this(), now) {
            ProbeResult::NotReady(_) if is_over => (false, None),
            ProbeResult::NotReady(again) => (false, Some(again)),
            ProbeResult::Ready(address) => {
                self.place = Some(address.address);
                actions.push(Action::ConfirmPort(address));
                (true, None)
            }
            ProbeResult::Foreign(stranger) => {
                actions.push(Action::BlamePort(stranger));
                return Err(Reason::PortTaken);
            }
        };
        if is_ready && again.is_none() {
            self.port_probe = None;
            actions.push(Action::WriteRecord);
        }
        Ok((listens, again))
    }

    /// Looks once in a while whether a server serves that only seems to be started, for as long as that makes a
    /// difference.
    fn look_whether_serving(&mut self, input: Option<Input>, now: Instant) -> Option<Duration> {
        let (due, pause) = self.doubt?;
        let left = due.saturating_duration_since(now);
        if !left.is_zero() {
            return Some(left);
        }
        self.has_served = signs::look(Pid::this(), input).is_some_and(|seen| seen.sight == Sight::Serves);
        let is_well = self.ready_since.is_some_and(|since| now.duration_since(since) >= HEALTH);
        self.doubt = if self.has_served || is_well { None } else { Some((now + 2 * pause, 2 * pause)) };
        self.doubt.map(|(_, pause)| pause)
    }
}

/// Looks how far a server's tree is: whether its launcher is done, and whether people are to be told what is waited for.
fn look_at_tree(readiness: &mut Readiness, input: Option<Input>, now: Instant, actions: &mut Vec<Action>) {
    if readiness.is_due(now) {
        readiness.look(now, || signs::look(Pid::this(), input));
    }
    if readiness.launching().is_none() {
        actions.push(Action::EndTurn);
    }
    if let Some(launcher) = readiness.late_launcher(now) {
        let text = format!("waiting for {}, which has not run the server yet", launcher.name());
        actions.push(Action::Tell(text));
    }
}

/// A client asks for the handshake itself.
fn greeting(plan: &Plan, limit: Duration, now: Instant) -> Option<Greeting> {
    let is_wanted = plan.record.mode == Mode::Start && plan.record.settings.ready.when == ReadyWhen::Mcp;
    let target = AskTarget::of(plan).filter(|_| is_wanted)?;
    Some(Greeting::new(target, limit, now))
}

fn readiness(plan: &Plan, now: Instant) -> Result<Readiness, StartError> {
    let launcher = Launcher::of_command(&plan.words());
    let mut ready = plan.record.settings.ready.clone();
    if plan.record.mode == Mode::Run && ready.when == ReadyWhen::Mcp {
        ready.when = ReadyWhen::Usual;
    }
    let readiness = Readiness::begin(&ready, plan.port().is_some(), launcher, now);
    readiness.map_err(|error| StartError {
        cause: format!("could not start {}: ready.log is no regular expression: {error}", plan.record.name),
        finding: None,
        code: 125,
        may_pass: false,
    })
}

/// The sooner of two times to look again.
pub fn sooner(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
