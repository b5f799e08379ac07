//! One life of a server: from its first process to the end of its tree.

use std::time::{Duration, Instant};

use super::child::Running;
use super::plan::{is_kept, trace};
use super::readiness::Answer;
use super::restart_policy::{HEALTH, Order, was_ready};
use super::sampling::{Looks, Memory};
use super::signs::{self, Sight};
use super::stop_timeouts::stop_timeouts;
use super::supervise::Supervisor;
use crate::log::central::Level;
use crate::port::probe::ProbeResult;
use crate::server::end::{End, Reason};
use crate::server::history::Sample;
use crate::server::record::{Mode, ServerState};
use crate::server::unkillable;
use crate::server::usage::Usage;
use crate::sys::wait::Exit;
use crate::sys::{Pid, children, fork, wait};
use crate::terminate::survivors::Survivors;
use crate::terminate::tree::{Ending, Progress};
use crate::terminate::{group, orphans};
use crate::{context, failpoint};

/// How watching a life came to its end.
pub enum Over {
    /// The tree is gone.
    Ended(Ended),
    /// What is left may not be signalled, but hung up on by the end of this process.
    HangUp(Exit),
}
/// The first pause before another look at a server that only seems to be started; each one is twice as long.
const DOUBT: Duration = Duration::from_secs(1);

/// A life that is over.
pub struct Ended {
    /// How it ended.
    pub end: End,
    /// How long the server had been ready, if it ever was.
    pub ready_for: Option<Duration>,
    /// Whether the server itself was run, not only what was to fetch it.
    pub is_launched: bool,
    /// What is to follow.
    pub order: Order,
}

/// What the server does.
enum Phase {
    /// It lives.
    Up { looks: Looks, look_again: Option<Duration> },
    /// It is being ended.
    Down { ending: Ending, reason: Reason, order: Order, early: bool, look_again: Option<Duration> },
}

impl Supervisor {
    /// Watches a server until its tree is gone.
    pub(super) fn live(&mut self, mut running: Running) -> Over {
        let looks = Looks::new(&self.plan.record.settings, context::now());
        let mut phase = Phase::Up { looks, look_again: Some(Duration::ZERO) };
        loop {
            let (Phase::Up { look_again: limit, .. } | Phase::Down { look_again: limit, .. }) = phase;
            if let Some(reason) = self.wait(Some(&mut running), limit) {
                phase = self.end(phase, &running, reason);
            }
            if let Phase::Up { looks, look_again } = &mut phase {
                match self.look_after(&mut running, looks) {
                    Ok(limit) => *look_again = limit,
                    Err(reason) => phase = self.end(phase, &running, reason),
                }
            }
            if let Phase::Down { ending, reason, order, early, look_again } = &mut phase {
                let asking = self.tell_container(ending, running.pid());
                match ending.advance(context::now(), |pid| Some(pid) == asking || is_kept(pid)) {
                    Progress::Wait(limit) => *look_again = limit,
                    Progress::Unkillable(survivors) => {
                        if self.may_hang_up(running.pid(), &survivors) {
                            return Over::HangUp(ending.leader_exit.unwrap_or(Exit::Code(1)));
                        }
                        *look_again = None;
                        self.report_unkillable(&survivors, *reason);
                    }
                    Progress::Done { mut kept } => {
                        kept.retain(|&pid| Some(pid) != asking);
                        for new in self.end_container(ending) {
                            (*reason, *order) = overrule((*reason, *order), new);
                        }
                        let killed = ending.killed | self.end_escaped();
                        running.drain(&mut self.log, self.client_error.as_mut());
                        // Later than all that it said.
                        let mut end = End { killed, ..describe(ending, *reason, *early, kept) };
                        let seemed = running.ready_since.map(|since| ending.began().saturating_duration_since(since));
                        let ready_for = seemed.filter(|&time| running.has_served || was_ready(&end, time));
                        end.early |= ready_for.is_none();
                        let is_launched = running.check.as_ref().is_none_or(|check| check.launching().is_none());
                        return Over::Ended(Ended { end, ready_for, is_launched, order: *order });
                    }
                }
            }
        }
    }

    /// Looks after a server that lives. Returns when to look again at the latest, if nothing happens before.
    ///
    /// # Errors
    /// The reason to end the tree.
    fn look_after(&mut self, running: &mut Running, looks: &mut Looks) -> Result<Option<Duration>, Reason> {
        collect_orphans(running.pid());
        if wait::peek(running.pid()).is_some() {
            return Err(Reason::Exited);
        }
        let again = self.look_whether_ready(running)?;
        let due = looks.due(context::now());
        if due.sample {
            self.take_down(&Usage::below(Pid::this()));
        }
        if due.memory && self.is_too_large(looks) {
            return Err(Reason::OverMemory);
        }
        Ok(again.into_iter().chain(looks.next(context::now())).min())
    }

    /// Asks whether the server counts as started and listens on its port, until both are known; returns when to ask again.
    fn look_whether_ready(&mut self, running: &mut Running) -> Result<Option<Duration>, Reason> {
        let now = context::now();
        let (listens, look_again) = self.look_at_port(running, now)?;
        let Some(check) = &mut running.check else { return Ok(sooner(look_again, look_whether_serving(running, now))) };
        if check.looks(now) {
            check.look(now, || signs::look(Pid::this(), running.input));
        }
        let launching = (check.launching(), check.tells(now));
        let answer = check.ask(now, listens);
        match launching {
            (None, _) => self.end_turn(),
            (Some(_), None) => {}
            (Some(_), Some(launcher)) => {
                self.tell(&format!("waiting for {}, which has not run the server yet", launcher.name()));
            }
        }
        match answer {
            Answer::NotYet(again) => return Ok(sooner(look_again, Some(again))),
            Answer::Ready => {
                running.has_served = true;
                self.become_ready(running);
            }
            Answer::Assumed => {
                running.doubt = Some((now + DOUBT, DOUBT));
                self.become_ready(running);
            }
            // A client has time limits of its own, and may be content with what we did not see.
            Answer::Lost(Reason::NotReady) if self.plan.record.mode == Mode::Run => {
                let text = Reason::NotReady.explain(&self.plan.record.settings);
                self.note(Level::Warn, &text);
            }
            Answer::Lost(reason) => return Err(reason),
        }
        running.check = None;
        self.end_turn();
        if listens {
            running.port_probe = None;
        }
        // Nothing of what it took to start is needed from here on.
        fork::trim_memory();
        Ok(sooner(look_again, running.doubt.map(|(_, pause)| pause)))
    }

    /// Looks whether the server listens on its port; returns that, and when to look again.
    fn look_at_port(&mut self, running: &mut Running, now: Instant) -> Result<(bool, Option<Duration>), Reason> {
        let Some(port_probe) = &mut running.port_probe else { return Ok((false, None)) };
        let is_ready = running.check.is_none();
        let is_over = is_ready && port_probe.is_over(now);
        let (listens, again) = match port_probe.probe(Pid::this(), now) {
            ProbeResult::NotReady(again) => (false, Some(again).filter(|_| !is_over)),
            ProbeResult::Ready(reach) => {
                self.confirm_port(reach);
                (true, None)
            }
            ProbeResult::Foreign(stranger) => {
                self.blame(stranger);
                return Err(Reason::PortTaken);
            }
        };
        if is_ready && again.is_none() {
            running.port_probe = None;
            let _ = self.plan.record.write(&self.plan.paths);
        }
        Ok((listens, again))
    }

    fn become_ready(&mut self, running: &mut Running) {
        running.ready_since = Some(context::now());
        let took = Duration::from_millis(context::wall_millis().saturating_sub(running.since));
        self.note(Level::Info, &format!("ready after {:.1} s", took.as_secs_f64()));
        self.record(ServerState::Running { server: running.identity, since: running.since, ready: true });
        if let Some(ready) = self.ready.take() {
            ready.say_ready();
        }
    }

    /// Compares the tree's memory with its limit, closely only if it has to be.
    fn is_too_large(&mut self, looks: &mut Looks) -> bool {
        // What was let go in an earlier life is still our child.
        let children = children::of(Pid::this()).into_iter().filter(|&pid| !is_kept(pid));
        let usage = Usage::of_all(children.collect());
        let closer = looks.is_suspect(usage.memory).then(|| Usage::proportional(&usage.pids)).flatten();
        let memory = Memory { resident: usage.memory, proportional: closer };
        if looks.is_first_unclear(memory) {
            self.note(
                Level::Warn,
                "what its processes share cannot be told: it counts for each, against the limit too",
            );
        }
        looks.is_too_much(memory)
    }

    fn take_down(&mut self, usage: &Usage) {
        let cpu_ms = u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX);
        self.plan.record.history.push(Sample { at: context::wall_millis(), memory: usage.memory, cpu_ms });
        let _ = self.plan.record.write(&self.plan.paths);
    }

    /// Begins to end the tree, or goes on doing so for one more reason. Only `restart` is overruled by a later one; what
    /// is to follow is what the strongest of them asks for.
    fn end(&mut self, phase: Phase, running: &Running, new: Reason) -> Phase {
        if matches!(phase, Phase::Up { .. }) {
            self.withhold_port();
        }
        let now = context::now();
        let settings = &self.plan.record.settings;
        let timeouts = stop_timeouts(new, self.plan.record.mode, settings.grace());
        let asked = Order::after(new);
        let (ending, reason, order, early, is_news) = match phase {
            Phase::Up { .. } => {
                let ending =
                    Ending::begin(Some(running.pid()), timeouts, now).with_signal(settings.stop_signal.signal());
                (ending, new, asked, running.ready_since.is_none(), true)
            }
            Phase::Down { mut ending, reason, order, early, .. } => {
                ending.hurry(timeouts, now);
                let (now_for, order) = overrule((reason, order), new);
                (ending, now_for, order, early, now_for != reason)
            }
        };
        if is_news {
            self.record(ServerState::Stopping { server: running.identity, reason });
        }
        failpoint::kill("while-stopping");
        Phase::Down { ending, reason, order, early, look_again: Some(Duration::ZERO) }
    }

    fn report_unkillable(&mut self, survivors: &Survivors, reason: Reason) {
        if let ServerState::Unkillable { .. } = self.plan.record.state {
            return;
        }
        self.record(ServerState::unkillable(survivors, reason));
        if let ServerState::Unkillable { pids, refused, .. } = &self.plan.record.state {
            let text = format!("{}; still waiting", unkillable::describe(pids, refused));
            self.note(Level::Error, &text);
        }
    }

    /// Whether our own end would reach what our signals do not: the kernel hangs up on the group in the foreground of our
    /// terminal, whoever runs there. The keeper adopts what is left.
    fn may_hang_up(&self, leader: Pid, survivors: &Survivors) -> bool {
        self.terminal.is_some() && self.is_adopting && group::may_be_hung_up_on(leader, survivors, &is_kept)
    }

    /// Ends what is nobody's child any more where orphans are not adopted; true if there was something.
    fn end_escaped(&self) -> bool {
        !self.is_adopting && orphans::end(&trace(&self.plan.record).in_session(Pid::this())).0 > 0
    }
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

/// Looks once in a while whether a server serves that only seems to be started, for as long as that makes a difference.
fn look_whether_serving(running: &mut Running, now: Instant) -> Option<Duration> {
    let (due, pause) = running.doubt?;
    let left = due.saturating_duration_since(now);
    if !left.is_zero() {
        return Some(left);
    }
    running.has_served = signs::look(Pid::this(), running.input) == Some(Sight::Serves);
    let is_well = running.ready_since.is_some_and(|since| now.duration_since(since) >= HEALTH);
    running.doubt = (!running.has_served && !is_well).then_some((now + 2 * pause, 2 * pause));
    running.doubt.map(|(_, pause)| pause)
}

/// Why a tree is ended and what is to follow, after one more reason to.
fn overrule((reason, order): (Reason, Order), new: Reason) -> (Reason, Order) {
    let asked = Order::after(new);
    let is_overruled = reason == Reason::Restarted && asked == Order::Leave;
    (if is_overruled { new } else { reason }, order.max(asked))
}

fn describe(ending: &Ending, reason: Reason, early: bool, kept: Vec<Pid>) -> End {
    End {
        reason,
        exit: ending.leader_exit,
        at: context::wall_millis(),
        took: context::elapsed_millis(ending.began()),
        killed: ending.killed,
        early,
        kept: kept.into_iter().map(Pid::as_raw).collect(),
        escaped: ending.escaped().to_vec(),
    }
}
