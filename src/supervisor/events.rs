//! What a supervisor waits for, and which of it is a reason to end the server.

use std::time::Duration;

use nix::sys::signal::{Signal, killpg};

use super::child::Running;
use super::lifeline::SupervisorEnd;
use super::recovery::unrecorded::REWRITE;
use super::supervise::Supervisor;
use crate::server::end::Reason;
use crate::server::record::Mode;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Watch;
use crate::sys::{Pid, wait};

impl Supervisor {
    /// Waits for the next event and handles what needs no decision; the reason to end the server, if there is one.
    pub(super) fn wait(&mut self, running: Option<&mut Running>, limit: Option<Duration>) -> Option<Reason> {
        let leader = running.as_ref().map(|running| running.pid());
        let mut watch = Watch::default();
        watch.within(limit);
        let signals = watch.readable(self.inbox.as_poll_fd());
        let lifeline = self.lifeline.as_ref().and_then(|lifeline| lifeline.watch(&mut watch));
        let watched = self.plan.watched.watch(&mut watch);
        let input = self.client_input.as_ref().and_then(|input| watch.hung_up(input));
        let error = self.client_error.as_ref().and_then(|error| error.watch(&mut watch));
        let client = self.client_error.as_ref();
        let outputs = running.as_ref().map(|running| running.watch(&mut watch, client)).unwrap_or_default();
        let ready = watch.wait();
        if ready.has(error)
            && let Some(client) = &mut self.client_error
        {
            client.write();
        }
        if let Some(running) = running {
            running.pump(&ready, &outputs, &mut self.log, self.client_error.as_mut());
        }
        // The last that applies decides; each of them is reported once.
        let mut reason = None;
        if ready.has(input) && self.client_input.as_ref().is_some_and(HangUp::has_happened) {
            self.client_input = None;
            reason = Some(Reason::ClientGone);
        }
        reason = self.plan.watched.forget_ended(&ready, watched).or(reason);
        if ready.has(signals) {
            reason = self.read_signals().or(reason);
        }
        if ready.has(lifeline) {
            reason = self.read_lifeline(leader).or(reason);
        }
        reason
    }

    fn read_signals(&mut self) -> Option<Reason> {
        let signals = self.inbox.drain();
        if signals.contains(&super::recovery::unrecorded::REWRITE) {
            self.plan.restore();
        }
        let may_restart = self.plan.record.mode == Mode::Start;
        [
            (Signal::SIGTERM, Reason::Stopped),
            (Signal::SIGINT, Reason::Stopped),
            (Signal::SIGQUIT, Reason::SessionEnded),
            (Signal::SIGUSR1, Reason::Restarted),
        ]
        .into_iter()
        .filter(|&(_, reason)| may_restart || reason != Reason::Restarted)
        .find_map(|(signal, reason)| signals.contains(&signal).then_some(reason))
    }

    /// What the client sends to `run` reaches the server's group; what ends programs also ends the tree.
    fn read_lifeline(&mut self, leader: Option<Pid>) -> Option<Reason> {
        let Some(signals) = self.lifeline.as_mut().and_then(SupervisorEnd::read) else {
            self.lifeline = None;
            return Some(Reason::KeeperLost);
        };
        // Once it has been collected, its number may be that of a stranger's group.
        if let Some(leader) = leader.filter(|&leader| wait::is_child(leader)) {
            for &signal in signals.iter().filter(|&&signal| signal != Signal::SIGTERM) {
                let _ = killpg(leader, signal);
            }
        }
        let ends = signals.iter().any(|signal| matches!(signal, Signal::SIGTERM | Signal::SIGHUP));
        ends.then_some(Reason::ClientSignal)
    }
}

/// Collects adopted orphans that have ended. The server's first process stays, so that its number stays taken.
pub fn collect_orphans(leader: Pid) {
    while let Some(pid) = wait::peek_any().filter(|&pid| pid != leader) {
        let _ = wait::collect_one(pid);
    }
}

/// What a supervisor listens for: its children, `stop` (and people), the end of the session, `restart`, and whoever
/// misses its files.
pub const REQUESTS: [Signal; 6] =
    [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGUSR1, REWRITE];
