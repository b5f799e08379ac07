//! The container of a server: told to end when its client is, and ended once the client is gone.

use super::stop_timeouts::stop_timeouts;
use super::supervise::Supervisor;
use crate::container::{self, Client, Container, StopRequest};
use crate::context;
use crate::log::central::Level;
use crate::server::end::Reason;
use crate::server::record::ServerRecord;
use crate::sys::Pid;
use crate::sys::wait::{self, Exit};
use crate::terminate::stages::{Stage, StopTimeouts};
use crate::terminate::tree::Ending;

/// What is known of the end of a server's container.
#[derive(Default)]
pub struct Containment {
    /// Whoever tells it to end.
    request: Option<StopRequest>,
    /// Whether its client was told to end.
    was_client_told: bool,
    /// The id of the one that ran last.
    last: Option<String>,
}

impl Supervisor {
    /// Makes room for a new container.
    pub(super) fn prepare_container(&mut self) {
        if let Some(container) = &self.plan.container {
            container.make_room(self.containment.last.as_deref());
        }
        (self.containment.request, self.containment.was_client_told) = (None, false);
    }

    /// Tells the container to end when its client is told to: by itself a client hands on one signal, if at all, and not
    /// the one that the image wants. Returns the process that does so: it is not of the server's tree.
    pub(super) fn tell_container(&mut self, ending: &Ending, client: Pid) -> Option<Pid> {
        let container = self.plan.container.as_ref()?;
        let now = context::now();
        if ending.stage(now) >= Stage::StopSigterm && !self.containment.was_client_told && wait::peek(client).is_none()
        {
            self.containment.was_client_told = true;
            self.containment.request = container::request_stop(container, ending.stop_timeout());
        }
        self.containment.request.as_ref().map(StopRequest::pid)
    }

    /// Ends what is left of the container after its client has gone. Returns for what reasons the server would have been
    /// ended meanwhile.
    pub(super) fn end_container(&mut self, ending: &Ending) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let Some(mut container) = self.plan.container.take() else { return reasons };
        let request = self.containment.request.take();
        let has_left = matches!(ending.leader_exit, Some(Exit::Code(_))) && !self.containment.was_client_told;
        let client = if has_left { Client::Left } else { Client::Killed };
        let last = container::end(&mut container, ending.stop_timeout(), client, request, &mut |_, limit| {
            reasons.extend(self.wait(None, Some(limit)));
        });
        self.containment.last = last;
        if container.is_left() {
            self.report_container(&container);
        }
        if self.plan.record.container.is_some() {
            self.plan.record.container = Some(container.clone());
        }
        self.plan.container = Some(container);
        reasons
    }

    fn report_container(&mut self, container: &Container) {
        let text = complaint(container);
        self.note(Level::Error, &text);
        if let Some(client) = &mut self.client_error {
            client.say(&format!("{}: {text}", self.plan.record.name));
        }
    }
}

/// Ends what is left of the container of a server that lost its supervisor. Returns what is to be said if it is still
/// there.
pub fn end_lost(container: &mut Container, timeouts: StopTimeouts) -> Option<String> {
    container::end(container, timeouts.stop, Client::Killed, None, &mut container::wait_for_call);
    container.is_left().then(|| complaint(container))
}

fn complaint(container: &Container) -> String {
    format!("{}; to end it: {}", container.complaint(), container.remedy())
}

/// How much longer the end of a server may take because of its container.
pub fn allowance(record: &ServerRecord, reason: Reason) -> std::time::Duration {
    let grace = stop_timeouts(reason, record.mode, record.settings.grace()).stop;
    record.container.as_ref().map_or_else(Default::default, |_| container::takes_at_most(grace))
}
