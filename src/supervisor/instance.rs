//! One run of a server: from its first process to the end of its tree. It looks, decides and ends; what is to be written,
//! logged or said meanwhile it hands to the supervisor as [`Action`]s.

use std::time::{Duration, Instant};

use super::child::{Child, StartError};
use super::plan::{Plan, is_kept};
use super::readiness::{Answer, Readiness};
use super::restart_policy::{HEALTH, Order, was_ready};
use super::sampling::{Memory, Sampling};
use super::signs::{self, Sight};
use super::stop_timeouts::stop_timeouts;
use crate::context;
use crate::port::probe::{ListenAddress, PortProbe, ProbeResult};
use crate::server::end::{End, Reason};
use crate::server::history::Sample;
use crate::server::launcher::Launcher;
use crate::server::record::{Mode, ServerRecord};
use crate::server::settings::Settings;
use crate::server::usage::Usage;
use crate::sys::listeners::Listener;
use crate::sys::pty::Pty;
use crate::sys::{Pid, children, wait};
use crate::terminate::tree::{Ending, Progress};

/// A server that has been started.
pub struct Instance {
    pub child: Child,
    /// What is looked at until it counts as started.
    pub readiness: Option<Readiness>,
    /// Looks at its port, until it is seen to listen there or nobody expects that any more.
    port_probe: Option<PortProbe>,
    /// Since when it counts as started.
    ready_since: Option<Instant>,
    /// Whether it was seen to serve, or did what the user takes for that.
    has_served: bool,
    /// When to look again whether it serves, and how long the pause before was; `None` if that is known.
    doubt: Option<(Instant, Duration)>,
    /// `None` while it runs.
    pub stop: Option<Stop>,
    sampling: Sampling,
    /// When to look at it again, should nothing happen before.
    pub look_again: Option<Duration>,
}

/// The end of a tree that is under way.
pub struct Stop {
    pub ending: Ending,
    pub reason: Reason,
    /// What is to follow.
    order: Order,
    /// Whether it began before the server counted as started.
    early: bool,
}

/// What a look at a server asks the supervisor to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Others may be started by the same launcher from now on.
    EndTurn,
    /// To be said to those who wait for the server.
    Tell(String),
    Warn(String),
    /// It listens on its port.
    ConfirmPort(ListenAddress),
    /// Somebody else does.
    BlamePort(Listener),
    /// The record has changed.
    WriteRecord,
    /// It counts as started.
    BecomeReady,
    AddSample(Sample),
    /// Nothing of what it took to start is needed from here on.
    TrimMemory,
    Stop(Reason),
}

/// A run that is over.
pub struct EndedInstance {
    pub end: End,
    /// How long the server had been ready, if it ever was.
    pub ready_for: Option<Duration>,
    /// Whether the server itself was run, not only what was to fetch it.
    pub is_launched: bool,
    /// What is to follow.
    pub order: Order,
}

/// The first pause before another look at a server that only seems to be started; each one is twice as long.
const DOUBT: Duration = Duration::from_secs(1);

impl Instance {
    /// Starts the server.
    pub fn start(plan: &Plan, terminal: Option<&Pty>) -> Result<Self, StartError> {
        let settings = &plan.record.settings;
        let now = context::now();
        let readiness = readiness(plan, now)?;
        let child = Child::start(plan, terminal)?;
        let limit = Duration::from_millis(settings.ready.timeout_ms);
        Ok(Self {
            child,
            readiness: Some(readiness),
            port_probe: plan.port().map(|port| PortProbe::new(port, now, limit)),
            ready_since: None,
            has_served: false,
            doubt: None,
            stop: None,
            sampling: Sampling::new(settings, now),
            look_again: Some(Duration::ZERO),
        })
    }

    /// Looks after a server that runs. Collects what has ended of its tree, but for the first process.
    pub fn look(&mut self, record: &ServerRecord) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.stop.is_none() {
            match self.look_into(record, &mut actions) {
                Ok(again) => self.look_again = again,
                Err(reason) => actions.push(Action::Stop(reason)),
            }
        }
        actions
    }

    /// Returns when to look again, or as an error why the tree is to be ended.
    fn look_into(&mut self, record: &ServerRecord, actions: &mut Vec<Action>) -> Result<Option<Duration>, Reason> {
        collect_orphans(self.child.pid());
        if wait::peek(self.child.pid()).is_some() {
            return Err(Reason::Exited);
        }
        let again = self.look_whether_ready(record, actions)?;
        let due = self.sampling.due(context::now());
        if due.sample {
            actions.push(Action::AddSample(sample()));
        }
        if due.memory && self.is_too_large(actions) {
            return Err(Reason::OverMemory);
        }
        Ok(sooner(again, self.sampling.next(context::now())))
    }

    /// Asks whether the server counts as started and listens on its port, until both are known; returns when to ask again.
    fn look_whether_ready(
        &mut self,
        record: &ServerRecord,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Duration>, Reason> {
        let now = context::now();
        let (listens, look_again) = self.look_at_port(now, actions)?;
        let Some(mut readiness) = self.readiness.take() else {
            return Ok(sooner(look_again, self.look_whether_serving(now)));
        };
        if readiness.is_due(now) {
            readiness.look(now, || signs::look(Pid::this(), self.child.input));
        }
        if readiness.launching().is_none() {
            actions.push(Action::EndTurn);
        }
        if let Some(launcher) = readiness.late_launcher(now) {
            let text = format!("waiting for {}, which has not run the server yet", launcher.name());
            actions.push(Action::Tell(text));
        }
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
            Answer::Ready => self.become_ready(true, actions),
            Answer::Assumed => {
                self.doubt = Some((now + DOUBT, DOUBT));
                self.become_ready(false, actions);
            }
        }
        actions.extend([Action::EndTurn, Action::TrimMemory]);
        if listens {
            self.port_probe = None;
        }
        Ok(sooner(look_again, self.doubt.map(|(_, pause)| pause)))
    }

    fn become_ready(&mut self, has_served: bool, actions: &mut Vec<Action>) {
        self.ready_since = Some(context::now());
        self.has_served = has_served;
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
    fn look_whether_serving(&mut self, now: Instant) -> Option<Duration> {
        let (due, pause) = self.doubt?;
        let left = due.saturating_duration_since(now);
        if !left.is_zero() {
            return Some(left);
        }
        self.has_served = signs::look(Pid::this(), self.child.input) == Some(Sight::Serves);
        let is_well = self.ready_since.is_some_and(|since| now.duration_since(since) >= HEALTH);
        self.doubt = if self.has_served || is_well { None } else { Some((now + 2 * pause, 2 * pause)) };
        self.doubt.map(|(_, pause)| pause)
    }

    /// Compares the tree's memory with its limit, closely only if it has to be.
    fn is_too_large(&mut self, actions: &mut Vec<Action>) -> bool {
        // What was let go in an earlier run is still our child.
        let children = children::of(Pid::this()).into_iter().filter(|&pid| !is_kept(pid));
        let usage = Usage::of_all(children.collect());
        let is_suspect = self.sampling.is_suspect(usage.memory);
        let proportional = if is_suspect { Usage::proportional(&usage.pids) } else { None };
        let memory = Memory { resident: usage.memory, proportional };
        if self.sampling.is_first_unclear(memory) {
            let text = "what its processes share cannot be told: it counts for each, against the limit too";
            actions.push(Action::Warn(text.to_owned()));
        }
        self.sampling.is_too_much(memory)
    }

    /// Begins to end the tree, or goes on doing so for one more reason. Only `restart` is overruled by a later one; what
    /// is to follow is what the strongest of them asks for. Returns the reason if it is to be recorded.
    pub fn begin_stop(&mut self, new: Reason, mode: Mode, settings: &Settings) -> Option<Reason> {
        let now = context::now();
        let timeouts = stop_timeouts(new, mode, settings.grace());
        self.look_again = Some(Duration::ZERO);
        match &mut self.stop {
            None => {
                let ending = Ending::begin(Some(self.child.pid()), timeouts, now);
                self.stop = Some(Stop {
                    ending: ending.with_signal(settings.stop_signal.signal()),
                    reason: new,
                    order: Order::after(new),
                    early: self.ready_since.is_none(),
                });
                Some(new)
            }
            Some(stop) => {
                stop.ending.hurry(timeouts, now);
                let before = stop.reason;
                stop.overrule(new);
                (stop.reason != before).then_some(stop.reason)
            }
        }
    }

    /// Does what is due to end the tree; `None` if nothing of it is to be told. `spared` is not of the tree.
    pub fn go_on_stopping(&mut self, spared: Option<Pid>) -> Option<Progress> {
        let stop = self.stop.as_mut()?;
        let progress = stop.ending.advance(context::now(), |pid| Some(pid) == spared || is_kept(pid));
        self.look_again = None;
        match progress {
            Progress::Wait(limit) => {
                self.look_again = limit;
                None
            }
            progress => Some(progress),
        }
    }

    /// How the run ended, now that the tree is gone but for the processes that were `kept`.
    pub fn describe(&self, stop: &Stop, kept: &[Pid]) -> EndedInstance {
        let mut end = stop.describe(kept);
        let seemed = self.ready_since.map(|since| stop.ending.began().saturating_duration_since(since));
        let ready_for = seemed.filter(|&time| self.has_served || was_ready(&end, time));
        end.early |= ready_for.is_none();
        let is_launched = self.readiness.as_ref().is_none_or(|readiness| readiness.launching().is_none());
        EndedInstance { end, ready_for, is_launched, order: stop.order }
    }
}

impl Stop {
    /// Takes in one more reason.
    pub fn overrule(&mut self, new: Reason) {
        let asked = Order::after(new);
        if self.reason == Reason::Restarted && asked == Order::Leave {
            self.reason = new;
        }
        self.order = self.order.max(asked);
    }

    fn describe(&self, kept: &[Pid]) -> End {
        End {
            reason: self.reason,
            exit: self.ending.leader_exit,
            at: context::wall_millis(),
            took: context::elapsed_millis(self.ending.began()),
            killed: self.ending.killed,
            early: self.early,
            kept: kept.iter().map(|pid| pid.as_raw()).collect(),
            escaped: self.ending.escaped().to_vec(),
        }
    }
}

fn readiness(plan: &Plan, now: Instant) -> Result<Readiness, StartError> {
    let launcher = Launcher::of_command(&plan.words());
    let readiness = Readiness::begin(&plan.record.settings.ready, plan.port().is_some(), launcher, now);
    readiness.map_err(|error| StartError {
        cause: format!("could not start {}: ready.log is no regular expression: {error}", plan.record.name),
        code: 125,
        may_pass: false,
    })
}

/// What the tree uses now.
fn sample() -> Sample {
    let usage = Usage::below(Pid::this());
    let cpu_ms = u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX);
    Sample { at: context::wall_millis(), memory: usage.memory, cpu_ms }
}

/// Collects adopted orphans that have ended. The server's first process stays, so that its number stays taken.
fn collect_orphans(leader: Pid) {
    while let Some(pid) = wait::peek_any().filter(|&pid| pid != leader) {
        let _ = wait::collect_one(pid);
    }
}

/// The sooner of two times to look again.
fn sooner(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
