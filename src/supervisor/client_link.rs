//! What a client has of its server over the lives of it: the connection, and what follows when one of them ends. It decides;
//! what is to be logged or said it hands to the supervisor as [`LinkAction`]s.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::client_policy::{ClientPolicy, ClientVerdict};
use super::connection::{Connection, ConnectionEnd, ConnectionOutcome, ServerEnds};
use super::end_report;
use super::restart_policy::{Order, RunEnd, WITHIN};
use crate::disk::names::ServerName;
use crate::failpoint;
use crate::mcp::relay::{Death, Next};
use crate::server::end::End;
use crate::server::record::ServerRecord;
use crate::sys::poll::Poller;

/// Signals of a client that end a server which does not expect them.
const ENDING: [Signal; 4] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];
/// A server that ends within this time after one of them has done what its client wanted.
const OBEYED: Duration = Duration::from_secs(5);

pub struct ClientLink {
    connection: Connection,
    policy: ClientPolicy,
    /// Whether the client has asked for a server that rests.
    is_wanted: bool,
    /// When it sent a signal that ends programs which do not expect it.
    signalled: Option<Instant>,
}

/// What came of it, beside bytes that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// The server is not quite what its predecessor was: for the log and the record.
    Differs(String),
    /// What the server printed between its messages: for the log and the client's standard error.
    Stray(Vec<u8>),
}

/// What its supervisor acts on, beside the time. While it stays the same, bytes have moved and nothing else has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    has_client: bool,
    has_answered: bool,
    is_suspected: bool,
}

/// A time without a server, whose client is there all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Why the next request does not end it, if it does not.
    pub cause: Option<String>,
    /// From when on the next request ends it all the same.
    pub until: Option<Instant>,
}

impl ClientLink {
    pub fn new(connection: Connection) -> Self {
        Self { connection, policy: ClientPolicy::default(), is_wanted: false, signalled: None }
    }

    pub fn register<'fd, Key>(&'fd self, poller: &mut Poller<'fd, Key>, key: impl Fn(ConnectionEnd) -> Key) {
        self.connection.register(poller, key);
    }

    /// Connects a server that has been started.
    pub fn connect(&mut self, ends: ServerEnds, limit: Duration, now: Instant) -> Vec<LinkAction> {
        self.is_wanted = false;
        let outcomes = self.connection.connect(ends, limit, now);
        self.take_in(outcomes)
    }

    /// Moves what can be moved.
    pub fn serve(&mut self, end: ConnectionEnd, now: Instant) -> Vec<LinkAction> {
        let outcomes = self.connection.serve(end, now);
        self.take_in(outcomes)
    }

    /// Hands on what a server has said that has ended.
    pub fn drain(&mut self, now: Instant) -> Vec<LinkAction> {
        let outcomes = self.connection.drain(now);
        self.take_in(outcomes)
    }

    fn take_in(&mut self, outcomes: Vec<ConnectionOutcome>) -> Vec<LinkAction> {
        let mut actions = Vec::new();
        for outcome in outcomes {
            match outcome {
                ConnectionOutcome::Wanted => self.is_wanted = true,
                ConnectionOutcome::Differs(text) => actions.push(LinkAction::Differs(text)),
                ConnectionOutcome::Stray(line) => actions.push(LinkAction::Stray(line)),
            }
        }
        actions
    }

    pub fn standing(&self) -> Standing {
        Standing {
            has_client: self.has_client(),
            has_answered: self.has_answered(),
            is_suspected: self.connection.is_suspected(),
        }
    }

    /// Whether the client may still want something.
    pub fn has_client(&self) -> bool {
        self.connection.has_client()
    }

    /// Whether the client must not lose its server any more: one has answered it.
    pub fn is_bound(&self) -> bool {
        self.has_client() && self.connection.has_answered()
    }

    /// Whether a server has ever answered it.
    pub fn has_answered(&self) -> bool {
        self.connection.has_answered()
    }

    /// How much the client has still to take, in bytes.
    pub fn undelivered(&self) -> usize {
        self.connection.undelivered()
    }

    /// When to look for a [complaint](Self::complaint), should nothing happen before.
    pub fn limit(&self, now: Instant) -> Option<Duration> {
        self.connection.limit(now)
    }

    /// How long until what has passed is to be written down; `None` if nothing new has.
    pub fn save_due(&self, now: Instant) -> Option<Duration> {
        self.connection.save_due(now)
    }

    /// Puts what has passed, and what the client calls itself, into the server's record.
    pub fn save_to(&mut self, record: &mut ServerRecord) {
        self.connection.save_to(record);
    }

    /// Why the server is of no use to its client, if it is not.
    pub fn complaint(&mut self, now: Instant) -> Option<String> {
        self.connection.complaint(now)
    }

    /// The client has sent its server these signals.
    pub fn note_signals(&mut self, signals: &[Signal], now: Instant) {
        if signals.iter().any(|signal| ENDING.contains(signal)) {
            self.signalled = Some(now);
        }
    }

    /// How long until the client has needed nothing for `limit`.
    pub fn idle_in(&self, limit: Duration, now: Instant) -> Option<Duration> {
        self.connection.idle_in(limit, now)
    }

    /// The server is being ended and will have a successor: what the client says is for that one.
    pub fn hold(&mut self) {
        self.connection.hold();
    }

    /// Decides what follows the end of a server.
    pub fn decide(&mut self, order: Order, run: RunEnd, now: Instant) -> ClientVerdict {
        if order == Order::Decide && self.signalled.is_some_and(|at| now.duration_since(at) < OBEYED) {
            return ClientVerdict::Leave;
        }
        // What ends before it has answered what its predecessor had is of no use, whatever its status.
        let exit = run.exit.filter(|_| !self.connection.is_replaying());
        self.policy.decide(order, RunEnd { exit, ..run }, self.connection.has_answered(), now)
    }

    /// The server has ended, or could not be started, and this follows: the client is told what it has to know.
    pub fn server_ended(&mut self, death: &Death, next: Next, now: Instant) -> Vec<LinkAction> {
        self.is_wanted = false;
        let outcomes = self.connection.server_ended(death, next, now);
        self.take_in(outcomes)
    }

    /// Somebody wants the server, who has taken care of what was wrong with it.
    pub fn revive(&mut self) {
        self.policy = ClientPolicy::default();
        self.connection.revive();
    }

    /// Whether a rest is over, because the client has asked for the server.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// The next request of the client starts a server.
    pub fn await_request(&mut self) {
        self.connection.rest();
    }
}

impl Rest {
    /// The rest that follows an end, if one does.
    pub fn after(verdict: &ClientVerdict, end: &End, record: &ServerRecord, now: Instant) -> Option<Self> {
        match verdict {
            ClientVerdict::Leave | ClientVerdict::Again(_) => None,
            ClientVerdict::OnRequest => Some(Self { cause: None, until: None }),
            ClientVerdict::GiveUp => {
                Some(Self::given_up(&end_report::give_up_cause(end, &record.settings), &record.name, now))
            }
            ClientVerdict::Stop => Some(Self::stopped(&record.name)),
        }
    }

    /// The rest of a server that is not started again by itself for a while.
    pub fn given_up(cause: &str, name: &ServerName, now: Instant) -> Self {
        let cause = format!("{cause}; {}", end_report::way_back(name));
        Self { cause: Some(cause), until: Some(now + failpoint::time("rest-after-failures", WITHIN)) }
    }

    /// The rest of a server that somebody has stopped.
    pub fn stopped(name: &ServerName) -> Self {
        Self { cause: Some(end_report::stop_cause(name)), until: None }
    }

    /// What the client's connection is told to follow.
    pub fn next(&self) -> Next {
        self.cause.clone().map_or(Next::OnRequest, Next::None)
    }

    /// How long the next request does not end it.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(now))
    }
}
