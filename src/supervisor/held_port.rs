//! The port of a server over its runs: held for it, let go for it, or exchanged for another one.

use super::instance::EndedInstance;
use super::port_policy::{PortAction, PortPolicy};
use crate::port::lease::Lease;
use crate::port::owner::PortOwner;
use crate::server::settings::PortChoice;
use crate::sys::listeners::Listener;

pub struct HeldPort {
    /// `None` once there was no other one to be had.
    lease: Option<Lease>,
    choice: PortChoice,
    policy: PortPolicy,
}

/// What was done about the port of a server that has ended.
pub enum PortOutcome {
    /// Nothing: the port is not the reason.
    NotTheReason,
    /// It was let go; the server is to be started once more.
    LetGo,
    /// It was exchanged; the server is to be started once more.
    Moved { from: u16, to: u16, by: Option<PortOwner> },
    /// The server cannot be started again, for this reason.
    Lost(String),
}

impl HeldPort {
    pub fn new(lease: Lease, choice: PortChoice, policy: PortPolicy) -> Self {
        Self { lease: Some(lease), choice, policy }
    }

    /// To be called before each start: the port is shared with the server, or let go where the server needs that.
    pub fn prepare(&mut self) {
        match &mut self.lease {
            Some(lease) if self.policy.needs_it_alone() => lease.let_go(),
            Some(lease) => lease.share(),
            None => {}
        }
    }

    /// To be called when a server begins to end: nobody else gets its port, whatever is still to come.
    pub fn hold(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.hold();
        }
    }

    /// To be called when the server is seen to listen there.
    pub fn confirm(&mut self) {
        self.policy.confirm();
    }

    /// To be called when somebody else is, for which the server has to end.
    pub fn blame(&mut self, stranger: Listener) {
        self.policy.blame(stranger);
    }

    /// To be called after each end: sees to the port, if that is the reason.
    pub fn see_to(&mut self, ended: &EndedInstance) -> PortOutcome {
        let Some(lease) = &mut self.lease else { return PortOutcome::NotTheReason };
        let from = lease.number();
        // Before it is looked at who has it, so that nobody comes later.
        let is_ours = lease.hold();
        let Some(sight) = self.policy.look(from, is_ours, ended) else { return PortOutcome::NotTheReason };
        match (self.policy.decide(from, &sight), sight.taken_by) {
            (PortAction::LetGo, _) => PortOutcome::LetGo,
            (PortAction::Move, by) => self.exchange(from, by),
            (PortAction::GiveUp, Some(by)) => {
                PortOutcome::Lost(format!("port {from} was taken by {by} before it listened there"))
            }
            (PortAction::GiveUp | PortAction::None, _) => PortOutcome::NotTheReason,
        }
    }

    fn exchange(&mut self, from: u16, by: Option<PortOwner>) -> PortOutcome {
        let Some(lease) = self.lease.take() else { return PortOutcome::NotTheReason };
        match lease.exchange(self.choice, self.policy.lost()) {
            Ok(lease) => {
                let to = lease.number();
                self.lease = Some(lease);
                PortOutcome::Moved { from, to, by }
            }
            Err(error) => PortOutcome::Lost(format!("{error:#}")),
        }
    }

    /// Gives the port back once the server is over.
    pub fn give_back(self) {
        if let Some(lease) = self.lease {
            lease.give_back();
        }
    }
}
