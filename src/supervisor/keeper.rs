//! The keeper: does nothing until the supervisor dies or misses its deadline; then it ends what it adopts.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{getpgid, getpgrp};

use super::contained::{allowance, end_lost};
use super::lifeline::KeeperEnd;
use super::plan::{Party, Plan, is_kept, trace};
use super::stop_timeouts::stop_timeouts;
use crate::disk::lock_file;
use crate::log::central::{self, Level};
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::sys::Pid;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::signals::Inbox;
use crate::sys::wait::{self, Exit};
use crate::terminate::orphans;
use crate::terminate::stages::StopTimeouts;
use crate::terminate::survivors::Survivors;
use crate::terminate::tree::{Ending, Progress};
use crate::{context, failpoint};

/// How long after its own deadline a supervisor is taken to be stuck.
const SLACK: Duration = Duration::from_millis(500);

/// What the client may send to `run`, to be passed on to the server.
const FORWARDED: [Signal; 7] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
];

/// What a terminal sends for Ctrl-C and Ctrl-\ to all that is in its foreground (`termios(3)`).
const TYPED: [Signal; 2] = [Signal::SIGINT, Signal::SIGQUIT];
/// What somebody may ask of the keeper of a server in the background: most of all another supervisor, in whose tree it is.
const ASKED: [Signal; 1] = [Signal::SIGTERM];

/// The keeper's state.
pub struct Keeper {
    /// The one it keeps: its child.
    pub supervisor: Pid,
    /// A hold on it: of a child that somebody else traces, only that tells that it has ended (`ptrace(2)`).
    pub handle: Option<ProcessHandle>,
    /// The pipe to it.
    pub lifeline: KeeperEnd,
    /// The server, with its record as it was at the start, and its lock. What the client ignores is not passed on.
    pub plan: Box<Plan>,
    /// Whether orphans come to this process.
    pub is_adopting: bool,
    /// Whether the server's input comes from a program, which is the client.
    pub is_fed: bool,
    /// Children that this process had before it became the keeper: background jobs of a shell that executed `run`.
    pub strangers: Vec<Pid>,
}

/// What a keeper waits for.
enum Source {
    Signals,
    Supervisor,
    Party(Party),
}

impl Keeper {
    /// Keeps watch until nothing is left to be kept. Returns what a shell would report of the server.
    pub fn keep(mut self) -> i32 {
        let mut inbox = match self.listen() {
            Ok(inbox) => inbox,
            Err(error) => {
                self.report(Level::Warn, &format!("its keeper could not listen for signals: {error}"));
                return self.sweep();
            }
        };
        let mut deadline: Option<Instant> = None;
        loop {
            let is_gone = self.handle.as_ref().is_some_and(ProcessHandle::has_exited);
            match wait::peek(self.supervisor) {
                Some(Exit::Code(code)) => {
                    let _ = wait::collect_one(self.supervisor);
                    // Nothing is left but what was let go, and what it could not end.
                    self.take_over(context::now(), None);
                    return code;
                }
                Some(Exit::Signal(_)) => return self.sweep(),
                None if is_gone => return self.sweep(),
                None => self.collect_others(),
            }
            if self.wait(&mut inbox, deadline) {
                // Whoever stopped the supervisor did not mean the server to outlive its session.
                let _ = kill(self.supervisor, Signal::SIGCONT);
                let longest =
                    stop_timeouts(Reason::SessionEnded, self.plan.record.mode, self.plan.record.settings.grace())
                        .longest();
                let container = allowance(&self.plan.record, Reason::SessionEnded);
                deadline.get_or_insert(context::now() + longest + container + SLACK);
            }
            if deadline.is_some_and(|deadline| context::now() >= deadline) {
                deadline = None;
                self.end_stuck_supervisor();
            }
        }
    }

    fn listen(&self) -> io::Result<Inbox> {
        let is_run = self.plan.record.mode == Mode::Run;
        let forwarded = FORWARDED.into_iter().filter(|&signal| is_run && !self.plan.ignored.contains(signal));
        let asked = ASKED.into_iter().filter(|_| !is_run);
        let typed = TYPED.into_iter().filter(|&signal| is_run && !self.plan.ignored.contains(signal));
        let wanted: Vec<_> = forwarded.chain(asked).chain([Signal::SIGCHLD]).collect();
        Inbox::noting(&wanted, &typed.collect::<Vec<_>>())
    }

    /// Collects children that are neither the supervisor nor of its tree, so that none of them stays a zombie.
    fn collect_others(&mut self) {
        while let Some(pid) = wait::peek_any().filter(|&pid| pid != self.supervisor) {
            let _ = wait::collect_one(pid);
            self.strangers.retain(|&stranger| stranger != pid);
        }
    }

    /// Waits for the next event; true if it was the end of somebody whom the server is not to outlive.
    fn wait(&mut self, inbox: &mut Inbox, deadline: Option<Instant>) -> bool {
        let mut poller = Poller::new(deadline.map(|deadline| deadline.saturating_duration_since(context::now())));
        poller.readable(Source::Signals, inbox.as_poll_fd());
        if let Some(handle) = self.handle.as_ref().and_then(ProcessHandle::as_poll_fd) {
            poller.readable(Source::Supervisor, handle);
        }
        self.plan.watched.register(&mut poller, Source::Party);
        let mut has_ended = false;
        for source in poller.wait() {
            match source {
                Source::Signals => self.read_signals(inbox),
                Source::Party(party) => has_ended |= self.plan.watched.has_ended(party),
                Source::Supervisor => {}
            }
        }
        has_ended
    }

    fn read_signals(&mut self, inbox: &mut Inbox) {
        for signal in inbox.drain().into_iter().filter(|&signal| signal != Signal::SIGCHLD) {
            if !inbox.was_sent_by_kernel(signal) || !self.shares_keys() {
                self.pass_on(signal);
            }
        }
    }

    /// Whether what is typed on a terminal to end programs reaches the client as well as us, and is for the client to act on.
    fn shares_keys(&self) -> bool {
        let group_of = |client: &ProcessHandle| getpgid(Some(client.pid())).ok();
        self.is_fed && self.plan.watched.client.as_ref().and_then(group_of) == Some(getpgrp())
    }

    /// Passes a signal on: to the server of a client, else to the supervisor as what it asks for.
    fn pass_on(&mut self, signal: Signal) {
        match self.plan.record.mode {
            Mode::Run => self.lifeline.send(signal),
            Mode::Start => {
                let _ = kill(self.supervisor, signal);
                let _ = kill(self.supervisor, Signal::SIGCONT);
            }
        }
    }

    /// A supervisor that has not ended its server by now is itself the problem; but not if it waits for the kernel.
    fn end_stuck_supervisor(&self) {
        let record = ServerRecord::read(&self.plan.paths).ok().flatten();
        if !record.is_some_and(|record| matches!(record.state, ServerState::Unkillable { .. })) {
            let _ = kill(self.supervisor, Signal::SIGKILL);
        }
    }

    /// Ends what has come to us from a dead supervisor.
    fn sweep(&mut self) -> i32 {
        failpoint::kill("before-sweep");
        let began = context::now();
        if !self.is_adopting {
            // Before the supervisor is collected: until then the number of its session is nobody else's.
            orphans::end(&trace(&self.plan.record).in_session(self.supervisor));
        }
        let _ = wait::collect_one(self.supervisor);
        self.take_over(began, Some(Reason::SupervisorLost));
        failpoint::kill("after-sweep");
        Exit::Signal(Signal::SIGKILL as i32).shell_code()
    }

    /// Ends what is left and records its end, unless that is recorded: for this reason, else for the recorded one.
    fn take_over(&mut self, began: Instant, reason: Option<Reason>) {
        let (killed, kept) = self.end_children(began, reason);
        // The supervisor can no more give back what it had.
        lock_file::sweep(&self.plan.paths.ports);
        let unfinished = self.unfinished(reason);
        let is_due = reason.is_some() || unfinished.is_some();
        let container = self.plan.container.as_mut().filter(|_| is_due);
        let trouble = container.and_then(|container| end_lost(container, StopTimeouts::AT_ONCE));
        let Some((mut record, reason)) = unfinished else { return };
        record.container = record.container.and(self.plan.container.take());
        record.state = ServerState::Ended(End {
            reason,
            exit: None,
            at: context::wall_millis(),
            took: context::elapsed_millis(began),
            killed,
            early: false,
            changed: None,
            complaint: None,
            finding: None,
            kept,
            escaped: Vec::new(),
        });
        let _ = record.write(&self.plan.paths);
        self.report(Level::Warn, &format!("ended because {}", reason.text()));
        if let Some(trouble) = trouble {
            self.report(Level::Error, &trouble);
        }
    }

    fn report(&self, level: Level, text: &str) {
        let whose = (Some(self.plan.record.token.session()), Some(&self.plan.record.name));
        central::report(&self.plan.paths.central, level, whose, text);
    }

    /// The record of a server whose end nobody wrote down yet, and the reason for it.
    fn unfinished(&self, reason: Option<Reason>) -> Option<(ServerRecord, Reason)> {
        let record = ServerRecord::read(&self.plan.paths).ok().flatten()?;
        let recorded = match record.state {
            ServerState::Stopping { reason, .. } | ServerState::Unkillable { reason, .. } => reason,
            _ => Reason::SupervisorLost,
        };
        let is_due = record.token == self.plan.record.token && !record.state.is_final();
        is_due.then_some((record, reason.unwrap_or(recorded)))
    }

    fn report_unkillable(&self, survivors: &Survivors, reason: Option<Reason>) {
        if let Some((mut record, reason)) = self.unfinished(reason)
            && !matches!(record.state, ServerState::Unkillable { .. })
        {
            record.state = ServerState::unkillable(survivors, reason);
            let _ = record.write(&self.plan.paths);
        }
    }

    fn end_children(&self, began: Instant, reason: Option<Reason>) -> (bool, Vec<i32>) {
        let mut ending = Ending::begin(None, StopTimeouts::AT_ONCE, began);
        let mut inbox = Inbox::new(&[Signal::SIGCHLD]).ok();
        let is_spared = |pid| self.strangers.contains(&pid) || is_kept(pid);
        loop {
            let limit = match ending.advance(context::now(), is_spared) {
                Progress::Done { mut kept } => {
                    kept.retain(|pid| !self.strangers.contains(pid));
                    return (ending.killed, kept.into_iter().map(Pid::as_raw).collect());
                }
                Progress::Wait(limit) => limit,
                Progress::Unkillable(survivors) => {
                    self.report_unkillable(&survivors, reason);
                    None
                }
            };
            let mut poller = Poller::new(limit);
            if let Some(inbox) = &inbox {
                poller.readable((), inbox.as_poll_fd());
            }
            poller.wait();
            inbox.as_mut().map(Inbox::drain);
        }
    }
}
