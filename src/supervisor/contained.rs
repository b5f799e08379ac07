//! The container of a server: told to end when its client is, and ended once the client is gone.

use std::time::Duration;

use super::stop_timeouts::stop_timeouts;
use crate::container::{self, ClientExit, Container, StopRequest};
use crate::context;
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

impl Containment {
    /// Makes room for a new container.
    pub fn prepare(&mut self, container: Option<&Container>) {
        if let Some(container) = container {
            container.make_room(self.last.as_deref());
        }
        (self.request, self.was_client_told) = (None, false);
    }

    /// Tells the container to end when its client is told to: by itself a client hands on one signal, if at all, and not
    /// the one that the image wants. Returns the process that does so: it is not of the server's tree.
    pub fn tell(&mut self, container: &Container, ending: &Ending, client: Pid) -> Option<Pid> {
        let is_due = ending.stage(context::now()) >= Stage::StopSigterm;
        if is_due && !self.was_client_told && wait::peek(client).is_none() {
            self.was_client_told = true;
            self.request = container::request_stop(container, ending.stop_timeout());
        }
        self.request.as_ref().map(StopRequest::pid)
    }

    /// Ends what is left of the container after its client has gone. `pause` waits at most for the given time.
    pub fn end(&mut self, container: &mut Container, ending: &Ending, pause: &mut dyn FnMut(Duration)) {
        let request = self.request.take();
        let has_left = matches!(ending.leader_exit, Some(Exit::Code(_))) && !self.was_client_told;
        let client = if has_left { ClientExit::ByItself } else { ClientExit::Killed };
        let pause = &mut |_, limit| pause(limit);
        self.last = container::end(container, ending.stop_timeout(), client, request, pause);
    }
}

/// Ends what is left of the container of a server that lost its supervisor. Returns what is to be said if it is still
/// there.
pub fn end_lost(container: &mut Container, timeouts: StopTimeouts) -> Option<String> {
    container::end(container, timeouts.stop, ClientExit::Killed, None, &mut container::wait_for_call);
    container.is_left().then(|| complaint(container))
}

/// What is to be said of a container that could not be ended.
pub fn complaint(container: &Container) -> String {
    format!("{}; to end it: {}", container.complaint(), container.remedy())
}

/// How much longer the end of a server may take because of its container.
pub fn allowance(record: &ServerRecord, reason: Reason) -> Duration {
    let grace = stop_timeouts(reason, record.mode, record.settings.grace()).stop;
    record.container.as_ref().map_or_else(Default::default, |_| container::takes_at_most(grace))
}
