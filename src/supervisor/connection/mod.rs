//! The client's connection to `run`'s server, with the relay in it: bytes in and out of pipes, decisions in [`Relay`].
//!
//! Neither side waits for the other longer than it would without us: what one does not take, the other is not asked for.

mod moving;
mod pipes;
mod suspicion;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use self::pipes::{Intake, Kept, Outbox};
use self::suspicion::Suspicion;
use super::tally::Tally;
use crate::context;
use crate::mcp::framer::{self, Framer};
use crate::mcp::relay::{Action, Death, Next, Relay};
use crate::server::record::ServerRecord;
use crate::sys::poll::Poller;
use crate::sys::shared_writer::SharedWriter;

/// Once so much waits for one side, nothing more is taken from the other, in bytes.
const ENOUGH: usize = 64 << 10;
/// What is as long as this takes memory that is given back, in bytes.
const LARGE: usize = 32 << 10;

/// The four ends, and what is on its way between them.
pub struct Connection {
    relay: Relay,
    tally: Tally,
    from_client: Framer,
    from_server: Framer,
    client_input: Option<File>,
    client_output: Option<SharedWriter>,
    server_input: Option<File>,
    server_output: Option<File>,
    intake: Intake,
    to_client: Outbox,
    to_server: Outbox,
    /// Why the server may be of no use.
    suspicion: Suspicion,
    /// When anything came from either side last.
    last: Option<Instant>,
    /// Whether what the client says is for the successor of a server that is being ended.
    is_held: bool,
    /// Whether a large message has passed whose memory has not been given back.
    has_grown: bool,
}

/// The server's ends; both do not block.
pub struct ServerEnds {
    pub input: File,
    pub output: File,
}

/// The ends that are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    ClientInput,
    ClientOutput,
    ServerInput,
    ServerOutput,
}

/// What came of it, beside bytes that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionOutcome {
    /// The client waits for a server: start one.
    Wanted,
    /// The server is not quite what its predecessor was.
    Differs(String),
    /// What the server printed between its messages: for the log and the client's standard error.
    Stray(Vec<u8>),
}

impl Connection {
    pub fn new(server: &ServerRecord, client_input: OwnedFd, client_output: OwnedFd) -> Self {
        Self {
            relay: Relay::new(server.name.to_string(), server.settings.exact),
            tally: Tally::default(),
            from_client: Framer::of_client(),
            from_server: Framer::of_server(),
            client_input: Some(client_input.into()),
            client_output: Some(SharedWriter::new(client_output)),
            server_input: None,
            server_output: None,
            intake: Intake::default(),
            to_client: Outbox::default(),
            to_server: Outbox::default(),
            suspicion: Suspicion::default(),
            last: None,
            is_held: false,
            has_grown: false,
        }
    }

    /// Connects a server that has been started, and tells a successor where its predecessor was. It gets so much time to
    /// answer that.
    pub fn connect(&mut self, ends: ServerEnds, limit: Duration, now: Instant) -> Vec<ConnectionOutcome> {
        self.server_input = Some(ends.input);
        self.server_output = Some(ends.output);
        self.from_server = Framer::of_server();
        let actions = self.relay.started(now);
        self.suspicion = Suspicion::of_successor(now + limit);
        self.carry_out(actions, now)
    }

    /// Whether the client may still want something.
    pub fn has_client(&self) -> bool {
        self.client_input.is_some() && self.client_output.is_some()
    }

    /// How much the client has still to take, in bytes.
    pub fn undelivered(&self) -> usize {
        self.to_client.bytes
    }

    /// Whether a successor has not answered yet what it was told.
    pub fn is_replaying(&self) -> bool {
        self.relay.is_replaying()
    }

    /// Whether a server has ever answered.
    pub fn has_answered(&self) -> bool {
        self.relay.has_answered()
    }

    /// The next request of the client starts a server.
    pub fn rest(&mut self) {
        self.relay.rest();
    }

    /// A server is about to be started though the client has not asked for it.
    pub fn revive(&mut self) {
        self.relay.revived();
    }

    /// How long until what has passed is to be written down; `None` if nothing new has.
    pub fn save_due(&self, now: Instant) -> Option<Duration> {
        self.tally.due(now)
    }

    /// Puts what has passed, and what the client calls itself, into the server's record.
    pub fn save_to(&mut self, record: &mut ServerRecord) {
        let (traffic, name) = self.tally.save(self.relay.open(), context::now(), context::wall_millis());
        record.traffic = Some(traffic);
        if let (Some(client), Some(name)) = (&mut record.client, name) {
            name.clone_into(&mut client.name);
        }
    }

    /// When to look for a [complaint](Self::complaint), should nothing happen before.
    pub fn limit(&self, now: Instant) -> Option<Duration> {
        self.suspicion.limit(self.relay.is_replaying(), now)
    }

    /// How long until client and server have needed nothing of each other for so long; `None` while one of them does.
    pub fn idle_in(&self, limit: Duration, now: Instant) -> Option<Duration> {
        let last = self.last.filter(|_| self.relay.has_answered() && self.relay.is_idle() && !self.is_held)?;
        let is_underway = self.to_client.bytes > 0 || self.to_server.bytes > 0;
        (!is_underway).then(|| (last + limit).saturating_duration_since(now))
    }

    /// Keeps what the client says from now on for the successor of the server, which is about to be ended.
    pub fn hold(&mut self) {
        self.is_held = true;
    }

    /// Whether there may be a [complaint](Self::complaint), now or later.
    pub fn is_suspected(&self) -> bool {
        self.suspicion.is_any(self.relay.is_replaying())
    }

    /// Why the server is of no use to its client, if it is not.
    pub fn complaint(&mut self, now: Instant) -> Option<String> {
        self.suspicion.complaint(self.relay.is_replaying(), now)
    }

    pub fn register<'fd, Key>(&'fd self, poller: &mut Poller<'fd, Key>, key: impl Fn(ConnectionEnd) -> Key) {
        if let Some(input) = &self.client_input
            && !self.is_held
            && self.to_server.bytes < ENOUGH
            && (self.server_input.is_some() || self.to_client.bytes < ENOUGH)
        {
            poller.readable(key(ConnectionEnd::ClientInput), input.as_fd());
        }
        // What a successor says before it has answered is held, and the answer comes behind it.
        if let Some(output) = &self.server_output
            && (self.to_client.bytes < ENOUGH || self.relay.is_replaying())
        {
            poller.readable(key(ConnectionEnd::ServerOutput), output.as_fd());
        }
        if let Some(output) = &self.client_output
            && self.to_client.bytes > 0
        {
            poller.writable(key(ConnectionEnd::ClientOutput), output.as_fd());
        }
        if let Some(input) = &self.server_input
            && self.to_server.bytes > 0
        {
            poller.writable(key(ConnectionEnd::ServerInput), input.as_fd());
        }
    }

    /// The server's tree has ended, and has been drained.
    pub fn server_ended(&mut self, death: &Death, next: Next, now: Instant) -> Vec<ConnectionOutcome> {
        let rest = self.from_server.rest();
        (self.server_input, self.server_output) = (None, None);
        let with_message = |bytes: Vec<u8>| {
            let message = framer::message(&bytes);
            (bytes, message)
        };
        let undelivered = self.to_server.take_unsent().into_iter().map(with_message).collect();
        self.suspicion = Suspicion::default();
        self.is_held = false;
        let actions = self.relay.ended(death, undelivered, next, now);
        let mut outcomes = self.carry_out(actions, now);
        // What was to be a message is nobody's, and content of messages is not stored.
        if !matches!(rest.trim_ascii_start(), [] | [b'{' | b'[', ..]) {
            outcomes.push(ConnectionOutcome::Stray(rest));
        }
        outcomes
    }

    fn carry_out(&mut self, actions: Vec<Action>, now: Instant) -> Vec<ConnectionOutcome> {
        let mut outcomes = Vec::new();
        for action in actions {
            match action {
                Action::ToClient(bytes) => {
                    self.has_grown |= bytes.len() >= LARGE;
                    self.to_client.push(bytes, Kept::No);
                }
                Action::ToServer(bytes) => {
                    self.has_grown |= bytes.len() >= LARGE;
                    self.to_server.push(bytes, Kept::ForSuccessor);
                }
                Action::ToThisServer(bytes) => self.to_server.push(bytes, Kept::No),
                Action::Stray(bytes) => outcomes.push(ConnectionOutcome::Stray(bytes)),
                Action::Start => outcomes.push(ConnectionOutcome::Wanted),
                Action::Fail(why) => self.suspicion.confirm(why),
                Action::Differs(text) => outcomes.push(ConnectionOutcome::Differs(text)),
                Action::Done(call) => self.tally.end(&call),
            }
        }
        // Most of the time there is room, and the next wait is spared.
        self.write_client();
        self.write_server(now);
        outcomes
    }
}

#[cfg(test)]
mod tests;
