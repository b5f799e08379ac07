//! Ending a tree of processes that are, or become, our children.
//!
//! The one who ends a tree has adopted its orphans (`sys::orphans::adopt`), so every process of it is sooner or later
//! an unreaped child of ours: its number cannot be used again before we collect it, and it can be signalled without
//! any doubt who it is. Kill the children, collect them, read the list again: until there are none.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::escaped::{EscapedProcess, EscapedProcesses};
use super::pace::Pace;
use super::stages::{Due, Stage, StopTimeouts};
use super::survivors::Survivors;
use super::{budget, descendants, group};
use crate::sys::wait::{self, Collected, Exit};
use crate::sys::{Pid, children};

/// A tree on its way out.
pub struct Ending {
    leader: Option<Pid>,
    pace: Pace,
    signal: Signal,
    group_was: Stage,
    children: HashMap<Pid, Child>,
    escaped: EscapedProcesses,
    /// How often the descendants of an unkillable child have been killed.
    rounds: u32,
    /// How the leader ended, once it has been collected.
    pub leader_exit: Option<Exit>,
    /// Whether anything got SIGKILL.
    pub killed: bool,
}

/// What is known of one child.
#[derive(Clone, Copy)]
struct Child {
    sigterm: Option<Instant>,
    kept: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something lives. Look again when a child has ended, or after this time.
    Wait(Option<Duration>),
    /// Nothing is left but what asked to be spared.
    Done { kept: Vec<Pid> },
    /// These do not die. Look again when a child has ended.
    Unkillable(Survivors),
}

impl Ending {
    /// Begins to end the tree under this process. `leader` is the child that leads the server's process group, unless
    /// it has been collected already.
    pub fn begin(leader: Option<Pid>, timeouts: StopTimeouts, now: Instant) -> Self {
        Self {
            leader,
            pace: Pace::begin(timeouts, now),
            signal: Signal::SIGTERM,
            group_was: Stage::InputClosed,
            children: HashMap::new(),
            escaped: EscapedProcesses::of(leader),
            rounds: 0,
            leader_exit: None,
            killed: false,
        }
    }

    /// Sends this signal to the server's process group instead of SIGTERM. What escaped from the group still gets SIGTERM.
    pub fn with_signal(mut self, signal: Signal) -> Self {
        self.signal = signal;
        self
    }

    /// What is due now.
    pub fn stage(&self, now: Instant) -> Stage {
        self.pace.stage(now)
    }

    /// The time from SIGTERM to SIGKILL.
    pub fn stop_timeout(&self) -> Duration {
        self.pace.timeouts.stop
    }

    pub fn began(&self) -> Instant {
        self.pace.began
    }

    /// What had left the server's group and was to end as well.
    pub fn escaped(&self) -> &[EscapedProcess] {
        self.escaped.found()
    }

    /// Goes on faster from now on, if `timeouts` are shorter: a second reason to end may be in more of a hurry.
    pub fn hurry(&mut self, timeouts: StopTimeouts, now: Instant) {
        self.pace.hurry(timeouts, now);
    }

    /// Does what is due now. `is_kept` says whether a process asked to be spared; it is asked once for each.
    pub fn advance(&mut self, now: Instant, is_kept: impl Fn(Pid) -> bool) -> Progress {
        self.pace.catch_up(now);
        let stage = self.stage(now);
        self.signal_group(stage, &is_kept);
        loop {
            let (living, collected) = self.collect(stage, now, &is_kept);
            if living.is_empty() && collected {
                // What has ended may have left us children after the list was read.
                continue;
            }
            if living.is_empty() && self.leader.is_none() {
                return Progress::Done { kept: self.kept() };
            }
            let killed = self.signal_children(&living, stage, now);
            // What was killed has children that are ours a moment later: look again while there is something to do.
            if !killed || !self.collects_more() {
                return self.progress(stage, now, living, &is_kept);
            }
        }
    }

    fn progress(&mut self, stage: Stage, now: Instant, living: Vec<Pid>, is_kept: &impl Fn(Pid) -> bool) -> Progress {
        if stage == Stage::Unkillable {
            return if self.kill_descendants(&living, is_kept) {
                Progress::Wait(Some(budget::UNKILLABLE_ROUND))
            } else {
                Progress::Unkillable(Survivors::tell_apart(living))
            };
        }
        let stage_ends = self.pace.until_next_stage(now);
        let process_ends = if stage == Stage::FinalSigterm { self.final_sigterm_ends(now) } else { None };
        Progress::Wait(stage_ends.into_iter().chain(process_ends).min())
    }

    /// When the time of the first process is over that was adopted late: maybe before the stage is.
    fn final_sigterm_ends(&self, now: Instant) -> Option<Duration> {
        let sigterm = self.children.values().filter_map(|child| child.sigterm).min()?;
        Some((sigterm + self.pace.timeouts.final_sigterm).saturating_duration_since(now).max(Duration::from_millis(1)))
    }

    /// Kills the descendants of children that do not die, which would never become ours. False if there was nothing, or
    /// nothing that dies of it.
    fn kill_descendants(&mut self, living: &[Pid], is_kept: &impl Fn(Pid) -> bool) -> bool {
        let mut found = false;
        if self.rounds < budget::UNKILLABLE_ROUNDS {
            self.rounds += 1;
            for &child in living {
                descendants::visit(child, &mut |process| {
                    found |= !is_kept(process.pid()) && process.signal(Signal::SIGKILL).is_ok();
                });
            }
        }
        found
    }

    /// Sends SIGTERM to the group once, and SIGKILL once.
    fn signal_group(&mut self, stage: Stage, is_kept: &impl Fn(Pid) -> bool) {
        let Some(leader) = self.leader else { return };
        if self.group_was < Stage::StopSigterm && stage >= Stage::StopSigterm {
            self.group_was = Stage::StopSigterm;
            group::signal(leader, &[self.signal, Signal::SIGCONT], is_kept);
        }
        if self.group_was < Stage::FinalSigkill && stage >= Stage::FinalSigterm {
            self.group_was = Stage::FinalSigkill;
            self.killed |= wait::peek(leader).is_none() || group::has_living_member(leader, is_kept);
            group::signal(leader, &[Signal::SIGKILL], is_kept);
        }
    }

    /// Collects what has ended; returns what lives and is to go, the leader included, and whether anything was collected.
    ///
    /// The leader stays a zombie until nothing else is left or the group was killed: its number is the group's.
    fn collect(&mut self, stage: Stage, now: Instant, is_kept: &impl Fn(Pid) -> bool) -> (Vec<Pid>, bool) {
        let (mut living, mut collected) = (Vec::new(), false);
        let leader = self.leader;
        for pid in children::ours() {
            if Some(pid) == leader {
                continue;
            }
            if wait::collect_one(pid).is_some() {
                self.children.remove(&pid);
                collected = true;
                continue;
            }
            let got_sigterm_with_group =
                self.group_was >= Stage::StopSigterm && stage < Stage::FinalSigkill && group::has(leader, pid);
            let child = self.children.entry(pid).or_insert_with(|| {
                let kept = is_kept(pid);
                if !kept {
                    self.escaped.note(pid);
                }
                Child { sigterm: got_sigterm_with_group.then_some(now), kept }
            });
            if !child.kept {
                living.push(pid);
            }
        }
        if let Some(leader) = leader {
            match wait::peek(leader) {
                None => living.push(leader),
                Some(_) if living.is_empty() || self.group_was == Stage::FinalSigkill => {
                    self.leader_exit = wait::collect_one(leader);
                    self.leader = None;
                    collected = true;
                }
                Some(_) => {}
            }
        }
        (living, collected)
    }

    /// Sends what is due; true if something was killed.
    fn signal_children(&mut self, living: &[Pid], stage: Stage, now: Instant) -> bool {
        let mut killed = false;
        for &pid in living.iter().filter(|&&pid| Some(pid) != self.leader) {
            let sigterm = self.children.get(&pid).and_then(|child| child.sigterm);
            match self.pace.timeouts.due(stage, sigterm, now) {
                Due::Wait => {}
                Due::Terminate => {
                    self.children.entry(pid).and_modify(|child| child.sigterm = Some(now));
                    let _ = kill(pid, Signal::SIGTERM);
                    let _ = kill(pid, Signal::SIGCONT);
                }
                Due::Kill => {
                    killed = true;
                    let _ = kill(pid, Signal::SIGKILL);
                }
            }
        }
        self.killed |= killed;
        killed
    }

    /// Whether another look at the list may find something new at once.
    fn collects_more(&mut self) -> bool {
        let mut any = false;
        // The leader must not be collected here, so only while it is gone; otherwise SIGCHLD brings us back.
        while self.leader.is_none() {
            match wait::collect() {
                Collected::One(pid, _) => {
                    self.children.remove(&pid);
                    any = true;
                }
                Collected::StillRunning => break,
                Collected::NoChildren => return true,
            }
        }
        any
    }

    fn kept(&self) -> Vec<Pid> {
        self.children.iter().filter(|(_, child)| child.kept).map(|(&pid, _)| pid).collect()
    }
}
