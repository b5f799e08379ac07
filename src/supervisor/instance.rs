//! One run of a server: from its first process to the end of its tree. It looks, decides and ends; what is to be written,
//! logged or said meanwhile it hands to the supervisor as [`Action`]s.

use std::time::Duration;

use super::action::Action;
use super::child::{Child, StartError};
use super::plan::{Plan, is_kept};
use super::probes::{Probes, sooner};
use super::restart_policy::{Order, was_ready};
use super::sampling::{Memory, Sampling};
use super::stop_timeouts::stop_timeouts;
use crate::context;
use crate::mcp::check::finding::Finding;
use crate::server::end::{End, Reason};
use crate::server::history::Sample;
use crate::server::record::{Mode, ServerRecord};
use crate::server::settings::Settings;
use crate::server::usage::Usage;
use crate::sys::pty::Pty;
use crate::sys::{Pid, children, wait};
use crate::terminate::tree::{Ending, Progress};
use crate::units::time;

/// A server that has been started.
pub struct Instance {
    pub child: Child,
    pub probes: Probes,
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
    /// What was found wrong with it, if that is the reason.
    finding: Option<Finding>,
    /// Whether it began before the server counted as started.
    early: bool,
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

impl Instance {
    /// Starts the server.
    pub fn start(plan: &Plan, terminal: Option<&Pty>) -> Result<Self, StartError> {
        let probes = Probes::new(plan, context::now())?;
        let child = Child::start(plan, terminal)?;
        Ok(Self {
            child,
            probes,
            stop: None,
            sampling: Sampling::new(&plan.record.settings, context::now()),
            look_again: Some(Duration::ZERO),
        })
    }

    /// Whether it is neither being ended nor has ended by itself.
    pub fn runs(&self) -> bool {
        self.stop.is_none() && !self.has_exited()
    }

    fn has_exited(&self) -> bool {
        wait::peek(self.child.pid()).is_some()
    }

    /// Looks after a server that runs. Collects what has ended of its tree, but for the first process. What is `aside` is not
    /// the server's.
    pub fn look(&mut self, record: &ServerRecord, aside: Option<Pid>) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.stop.is_none() {
            match self.look_into(record, aside, &mut actions) {
                Ok(again) => self.look_again = again,
                Err(reason) => actions.push(Action::Stop(reason)),
            }
        }
        actions
    }

    /// Returns when to look again, or as an error why the tree is to be ended.
    fn look_into(
        &mut self,
        record: &ServerRecord,
        aside: Option<Pid>,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Duration>, Reason> {
        collect_orphans(self.child.pid());
        if self.has_exited() {
            return Err(Reason::Exited);
        }
        let again = self.probes.look(record, self.child.input, actions)?;
        let due = self.sampling.due(context::now());
        if due.sample {
            actions.push(Action::AddSample(sample()));
        }
        if due.memory && self.is_too_large(aside, actions) {
            return Err(Reason::OverMemory);
        }
        Ok(sooner(again, self.sampling.next(context::now())))
    }

    /// Compares the tree's memory with its limit, closely only if it has to be.
    fn is_too_large(&mut self, aside: Option<Pid>, actions: &mut Vec<Action>) -> bool {
        // What was let go in an earlier run is still our child.
        let children = children::ours().into_iter().filter(|&pid| Some(pid) != aside && !is_kept(pid));
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

    /// Begins to end the tree, or goes on doing so for one more reason. Only what lets it start again is overruled by a later one; what
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
                    finding: self.probes.take_finding(new),
                    early: self.probes.ready_since.is_none(),
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
        // Not before its first signal: a server that is hung up on may complain, and that would stand last in its log.
        self.probes.hang_up();
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
        let seemed = self.probes.ready_since.map(|since| stop.ending.began().saturating_duration_since(since));
        let ready_for = seemed.filter(|&time| self.probes.has_served || was_ready(&end, time));
        end.early |= ready_for.is_none();
        EndedInstance { end, ready_for, is_launched: self.probes.is_launched(), order: stop.order }
    }
}

impl Stop {
    /// Takes in one more reason.
    pub fn overrule(&mut self, new: Reason) {
        let asked = Order::after(new);
        let is_overruled = self.reason == Reason::Idle || Order::after(self.reason) == Order::Again;
        if is_overruled && asked >= Order::Stop {
            self.reason = new;
        }
        self.order = self.order.max(asked);
    }

    /// Whether another start follows at once.
    pub fn is_restart(&self) -> bool {
        self.order == Order::Again
    }

    fn describe(&self, kept: &[Pid]) -> End {
        End {
            reason: self.reason,
            exit: self.ending.leader_exit,
            at: context::wall_millis(),
            took: context::elapsed_millis(self.ending.began()),
            killed: self.ending.killed,
            early: self.early,
            changed: None,
            complaint: None,
            finding: self.finding.clone(),
            kept: kept.iter().map(|pid| pid.as_raw()).collect(),
            escaped: self.ending.escaped().to_vec(),
        }
    }
}

/// What the tree uses now.
fn sample() -> Sample {
    let usage = Usage::below(Pid::this());
    let cpu_ms = time::millis(usage.cpu);
    Sample { at: context::wall_millis(), memory: usage.memory, cpu_ms }
}

/// Collects adopted orphans that have ended. The server's first process stays, so that its number stays taken.
pub(super) fn collect_orphans(leader: Pid) {
    while let Some(pid) = wait::peek_any().filter(|&pid| pid != leader) {
        let _ = wait::collect_one(pid);
    }
}
