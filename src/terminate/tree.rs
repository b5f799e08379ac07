//! Ending a tree of processes that are, or become, our children.
//!
//! The one who ends a tree has adopted its orphans (`sys::orphans::adopt`), so every process of it is sooner or later
//! an unreaped child of ours: its number cannot be used again before we collect it, and it can be signalled without
//! any doubt who it is. Kill the children, collect them, read the list again: until there are none.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::escaped::{Escaped, Outside};
use super::stages::{Due, Stage, StopTimeouts};
use super::survivors::Survivors;
use super::{descendants, group};
use crate::sys::wait::{self, Collected, Exit};
use crate::sys::{Pid, process};

/// A tree on its way out.
pub struct Ending {
    leader: Option<Pid>,
    began: Instant,
    pace: StopTimeouts,
    signal: Signal,
    group_was: Stage,
    children: HashMap<Pid, Child>,
    outside: Outside,
    /// How often what lives below an unkillable child has been killed.
    digs: u32,
    /// How the leader ended, once it has been collected.
    pub leader_exit: Option<Exit>,
    /// Whether anything had to be killed.
    pub killed: bool,
}

/// What is known of one child.
#[derive(Clone, Copy)]
struct Child {
    told: Option<Instant>,
    kept: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something lives. Look again when a child has ended, or after this time.
    Wait(Option<Duration>),
    /// Nothing is left but what asked to be let go.
    Done {
        /// The processes that were let go.
        kept: Vec<Pid>,
    },
    /// These do not die. Look again when a child has ended.
    Unkillable(Survivors),
}

impl Ending {
    /// Begins to end the tree under this process. `leader` is the child that leads the server's process group, unless
    /// it has been collected already. `keep` tells which adopted processes are let go.
    pub fn begin(leader: Option<Pid>, pace: StopTimeouts, now: Instant) -> Self {
        Self {
            leader,
            began: now,
            pace,
            signal: Signal::SIGTERM,
            group_was: Stage::Patience,
            children: HashMap::new(),
            outside: Outside::of(leader),
            digs: 0,
            leader_exit: None,
            killed: false,
        }
    }

    /// Asks the server's process group by this signal. What escaped from the group still gets SIGTERM.
    pub fn asking_by(mut self, signal: Signal) -> Self {
        self.signal = signal;
        self
    }

    /// What is due now.
    pub fn stage(&self, now: Instant) -> Stage {
        self.pace.stage(now.duration_since(self.began))
    }

    /// The time from the first signal to the last.
    pub fn grace(&self) -> Duration {
        self.pace.grace
    }

    pub fn began(&self) -> Instant {
        self.began
    }

    /// What was found outside of the server's group, and was to end as well.
    pub fn outside(&self) -> &[Escaped] {
        self.outside.found()
    }

    /// Goes on faster from now on, if `pace` is faster: a second reason to end may be in more of a hurry.
    pub fn hurry(&mut self, pace: StopTimeouts, now: Instant) {
        let remaining = (self.began + self.pace.longest()).saturating_duration_since(now);
        if pace.longest() < remaining {
            self.began = now;
            self.pace = pace;
        }
    }

    /// Does what is due now. `let_go` says whether a process asked to be kept; it is asked once for each.
    pub fn advance(&mut self, now: Instant, let_go: impl Fn(Pid) -> bool) -> Progress {
        let stage = self.stage(now);
        self.signal_group(stage, &let_go);
        loop {
            let (living, collected) = self.collect(stage, now, &let_go);
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
                return self.progress(stage, now, living, &let_go);
            }
        }
    }

    fn progress(&mut self, stage: Stage, now: Instant, living: Vec<Pid>, let_go: &impl Fn(Pid) -> bool) -> Progress {
        if stage == Stage::Overdue {
            return if self.dig(&living, let_go) {
                Progress::Wait(Some(DIG_EVERY))
            } else {
                Progress::Unkillable(Survivors::tell_apart(living))
            };
        }
        let elapsed = now.duration_since(self.began);
        let stage_ends = self.pace.next(elapsed).map(|end| end.saturating_sub(elapsed));
        // A straggler's own time may run out before the stage does.
        let straggler = (stage == Stage::Stragglers)
            .then(|| self.children.values().filter_map(|child| child.told).min())
            .flatten()
            .map(|told| (told + self.pace.straggler).saturating_duration_since(now).max(Duration::from_millis(1)));
        Progress::Wait(stage_ends.into_iter().chain(straggler).min())
    }

    /// Kills what lives below children that do not die, and so would never become ours. False if there was nothing, or
    /// nothing that dies of it.
    fn dig(&mut self, living: &[Pid], let_go: &impl Fn(Pid) -> bool) -> bool {
        let mut found = false;
        if self.digs < MOST_DIGS {
            self.digs += 1;
            for &child in living {
                descendants::visit(child, &mut |process| {
                    found |= !let_go(process.pid()) && process.signal(Signal::SIGKILL).is_ok();
                });
            }
        }
        found
    }

    /// The group is told once and killed once.
    fn signal_group(&mut self, stage: Stage, let_go: &impl Fn(Pid) -> bool) {
        let Some(leader) = self.leader else { return };
        if self.group_was < Stage::Grace && stage >= Stage::Grace {
            self.group_was = Stage::Grace;
            group::signal(leader, &[self.signal, Signal::SIGCONT], let_go);
        }
        if self.group_was < Stage::Kill && stage >= Stage::Stragglers {
            self.group_was = Stage::Kill;
            self.killed |= wait::peek(leader).is_none() || group::has_living_member(leader, let_go);
            group::signal(leader, &[Signal::SIGKILL], let_go);
        }
    }

    /// Collects what has ended; returns what lives and is to go, the leader included, and whether anything was collected.
    ///
    /// The leader stays a zombie until nothing else is left or the group was killed: its number is the group's.
    fn collect(&mut self, stage: Stage, now: Instant, let_go: &impl Fn(Pid) -> bool) -> (Vec<Pid>, bool) {
        let (mut living, mut collected) = (Vec::new(), false);
        let leader = self.leader;
        for pid in process::children(Pid::this()) {
            if Some(pid) == leader {
                continue;
            }
            if wait::collect_one(pid).is_some() {
                self.children.remove(&pid);
                collected = true;
                continue;
            }
            let told_with_group = self.group_was >= Stage::Grace && stage < Stage::Kill && group::has(leader, pid);
            let child = self.children.entry(pid).or_insert_with(|| {
                let kept = let_go(pid);
                if !kept {
                    self.outside.note(pid);
                }
                Child { told: told_with_group.then_some(now), kept }
            });
            if !child.kept {
                living.push(pid);
            }
        }
        if let Some(leader) = leader {
            match wait::peek(leader) {
                None => living.push(leader),
                Some(_) if living.is_empty() || self.group_was == Stage::Kill => {
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
            let told = self.children.get(&pid).and_then(|child| child.told);
            match self.pace.due(stage, told, now) {
                Due::Wait => {}
                Due::Terminate => {
                    self.children.entry(pid).and_modify(|child| child.told = Some(now));
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

/// How often, and with what pause, the processes below an unkillable child are looked for.
const MOST_DIGS: u32 = 20;
const DIG_EVERY: Duration = Duration::from_millis(20);
