//! What a checker waits for.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::life::{End, Life};
use crate::context;
use crate::supervisor::asking::asker::Asker;
use crate::supervisor::plan::{Party, Plan};
use crate::sys::poll::Poller;
use crate::sys::signals::Inbox;

pub struct Events {
    pub plan: Plan,
    inbox: Inbox,
    /// Nobody wants to know any more.
    pub is_called_off: bool,
}

#[derive(Clone, Copy)]
enum Source {
    /// The server was asked.
    Asked,
    Signals,
    Party(Party),
    Life(End),
}

impl Events {
    pub fn new(plan: Plan) -> io::Result<Self> {
        let inbox = Inbox::new(&[Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT])?;
        Ok(Self { plan, inbox, is_called_off: false })
    }

    /// Waits for what happens next, at the latest until `until`. Returns which ends of the server's pipes are ready.
    pub fn wait(&mut self, life: Option<&Life>, until: Instant) -> Vec<End> {
        self.wait_for(life, Some(until.saturating_duration_since(context::now())))
    }

    /// The same at most for `limit`.
    pub fn wait_for(&mut self, life: Option<&Life>, limit: Option<Duration>) -> Vec<End> {
        self.poll(life, None, limit)
    }

    /// The same while this server is asked.
    pub fn wait_asking(&mut self, life: &Life, asker: &Asker) {
        self.poll(Some(life), Some(asker), Some(asker.due_in(context::now())));
    }

    fn poll(&mut self, life: Option<&Life>, asker: Option<&Asker>, limit: Option<Duration>) -> Vec<End> {
        let mut poller = Poller::new(limit);
        if let Some(asker) = asker {
            asker.register(&mut poller, Source::Asked);
        }
        poller.readable(Source::Signals, self.inbox.as_poll_fd());
        self.plan.watched.register(&mut poller, Source::Party);
        if let Some(life) = life {
            life.register(&mut poller, Source::Life);
        }
        let mut ends = Vec::new();
        for source in poller.wait() {
            match source {
                Source::Signals => self.is_called_off |= self.inbox.drain().iter().any(|&it| it != Signal::SIGCHLD),
                Source::Party(party) => self.is_called_off |= self.plan.watched.has_ended(party),
                Source::Life(end) => ends.push(end),
                Source::Asked => {}
            }
        }
        ends
    }
}
