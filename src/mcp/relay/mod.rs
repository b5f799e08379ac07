//! What stands between a client and its server: decides which message goes where while the server lives, what is answered
//! in its place when it ends, and what its successor has to be told. No input, no output, no clock.

mod dialogue;
mod queue;
mod reply;
mod subscriptions;

use std::collections::VecDeque;
use std::string::FromUtf8Error;
use std::time::{Duration, Instant};

use self::dialogue::{Dialogue, Era};
use self::queue::Queue;
pub use self::reply::{Death, Exit};
use self::subscriptions::Told;
use super::edit;
use super::framer::Piece;
use super::message::{Head, Kind, Message, Raw};

/// How many answered requests are remembered.
const REMEMBERED: usize = 1024;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bytes for the client.
    ToClient(Vec<u8>),
    /// Bytes of the client for the server.
    ToServer(Vec<u8>),
    /// Bytes for this server only, and not for its successor: what its predecessor has had already, or a part of a message
    /// that is too long to be kept.
    ToThisServer(Vec<u8>),
    /// A line of the server that is no message: for the log and the client's standard error.
    Stray(Vec<u8>),
    /// The client waits for a server: start one.
    Start,
    /// This life of the server is of no use, for this reason: end it.
    Fail(String),
    /// A line for the log.
    Note(String),
    /// A request was answered, or will not be.
    Done(Call),
}

/// A request of the client that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    pub took: Duration,
    pub is_error: bool,
}

/// What follows the end of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The successor is started, now or after a pause.
    Now,
    /// It is started with the client's next request.
    OnRequest,
    /// None, for this reason, until somebody asks for it.
    None(String),
}

/// A connection of one client to the lives of one server.
#[derive(Debug)]
pub struct Relay {
    server: String,
    /// Whether answers stay as they are, so that nothing may be said of changed lists.
    is_exact: bool,
    life: Life,
    /// How many lives came before this one.
    ended: u32,
    dialogue: Dialogue,
    open: Vec<Open>,
    /// The requests that were answered last: a second answer to one of them is nobody's.
    answered: VecDeque<Raw>,
    asked: Vec<Asked>,
    /// How many requests of servers were given another id.
    renamed: u64,
    queue: Queue,
    from_client: Passing,
    from_server: Passing,
}

/// How far the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Life {
    /// There is none until the client's next request.
    Resting,
    /// One is being started.
    Starting,
    /// It has been told what its predecessor was, and has not answered. What it says meanwhile is held.
    Replaying(Vec<(Vec<u8>, Head)>),
    /// It is spoken to.
    Up,
    /// There is none, for this reason.
    Out(String),
}

/// Where a message goes that passes as it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Passing {
    #[default]
    Nothing,
    /// To the other side.
    Through,
    /// Nowhere: its end is waited for, to answer it.
    Away,
}

/// A request that the server has, and has not answered.
#[derive(Debug)]
struct Open {
    id: Raw,
    method: String,
    since: Instant,
    /// The client no longer wants the answer.
    is_cancelled: bool,
}

/// A request of a server that the client has not answered.
#[derive(Debug)]
struct Asked {
    /// Its id as the server gave it.
    id: Raw,
    /// Its id as the client knows it: another one where a dead life's is still open.
    shown: Raw,
    progress: Option<Raw>,
    is_stale: bool,
}

impl Relay {
    /// The relay of a server that has just been started for the first time.
    pub fn new(server: String, is_exact: bool) -> Self {
        Self {
            server,
            is_exact,
            life: Life::Up,
            ended: 0,
            dialogue: Dialogue::default(),
            open: Vec::new(),
            answered: VecDeque::new(),
            asked: Vec::new(),
            renamed: 0,
            queue: Queue::default(),
            from_client: Passing::Nothing,
            from_server: Passing::Nothing,
        }
    }

    /// Whether the server has ever answered: before, its early death is the launcher's business.
    pub fn has_answered(&self) -> bool {
        self.dialogue.has_answered
    }

    /// How many requests of the client are open, and since when the oldest is.
    pub fn open(&self) -> (usize, Option<Instant>) {
        let open = self.open.iter().filter(|open| !open.is_cancelled);
        (open.clone().count(), open.map(|open| open.since).min())
    }

    /// Whether nothing is going on: the server may be ended until it is needed again.
    pub fn is_idle(&self) -> bool {
        self.life == Life::Up
            && self.open.iter().all(|open| open.is_cancelled)
            && self.asked.iter().all(|asked| asked.is_stale)
            && !self.dialogue.has_subscriptions()
            && self.from_client == Passing::Nothing
            && self.from_server == Passing::Nothing
    }

    /// Something has come from the client.
    pub fn client(&mut self, piece: Piece, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match piece {
            Piece::Part(bytes) => {
                if self.from_client == Passing::Nothing {
                    self.from_client = if self.life == Life::Up { Passing::Through } else { Passing::Away };
                }
                if self.from_client == Passing::Through {
                    actions.push(Action::ToThisServer(bytes));
                }
            }
            Piece::End(bytes, message) => match std::mem::take(&mut self.from_client) {
                Passing::Through => {
                    for head in message.heads() {
                        self.note_of_client(head, &bytes, now);
                    }
                    actions.push(Action::ToThisServer(bytes));
                }
                _ => self.refuse_all(&message, "the message is too long to be kept", &mut actions),
            },
            Piece::Whole(bytes, message) => self.client_message(bytes, &message, now, &mut actions),
        }
        actions
    }

    fn client_message(&mut self, bytes: Vec<u8>, message: &Message, now: Instant, actions: &mut Vec<Action>) {
        let heads = message.heads();
        if let Message::Single(head) = message {
            match head.kind() {
                Kind::Notification if head.method.as_deref() == Some("notifications/cancelled") => {
                    return self.client_cancels(bytes, head, actions);
                }
                Kind::Notification if self.is_stale_progress(head) => return,
                Kind::Response => return self.client_answers(bytes, head, actions),
                _ => {}
            }
        }
        match &self.life {
            Life::Up => {
                for head in heads {
                    self.note_of_client(head, &bytes, now);
                }
                actions.push(Action::ToServer(bytes));
            }
            Life::Out(cause) => {
                let cause = cause.clone();
                self.refuse_all(message, &cause, actions);
                self.dialogue.initialized_by(heads, &bytes);
            }
            Life::Resting | Life::Starting | Life::Replaying(_) => {
                // Part of what the successor is told anyhow.
                if self.dialogue.initialized_by(heads, &bytes) {
                    return;
                }
                let is_call = heads.iter().any(|head| head.kind() == Kind::Request);
                if !self.queue.push(bytes, message.clone()) {
                    self.refuse_all(message, "too many messages wait for the server", actions);
                } else if is_call && self.life == Life::Resting {
                    self.life = Life::Starting;
                    actions.push(Action::Start);
                }
            }
        }
    }

    fn client_cancels(&mut self, bytes: Vec<u8>, head: &Head, actions: &mut Vec<Action>) {
        let Some(id) = &head.cancelled else { return self.pass_to_server(bytes, actions) };
        if self.queue.remove(id) {
            return;
        }
        self.dialogue.subscriptions.forget(id);
        if self.life != Life::Up {
            // A subscription: nothing else is open.
            return self.open.retain(|open| open.id != *id);
        }
        match self.open.iter_mut().find(|open| open.id == *id) {
            Some(open) => {
                open.is_cancelled = true;
                self.pass_to_server(bytes, actions);
            }
            // A request of a dead life, or one that nobody knows.
            None if self.ended == 0 => self.pass_to_server(bytes, actions),
            None => {}
        }
    }

    fn client_answers(&mut self, bytes: Vec<u8>, head: &Head, actions: &mut Vec<Action>) {
        let Some(place) = self.asked.iter().position(|asked| Some(&asked.shown) == head.id.as_ref()) else {
            if self.ended == 0 {
                self.pass_to_server(bytes, actions);
            }
            return;
        };
        let asked = self.asked.remove(place);
        if !asked.is_stale {
            self.pass_to_server(with_id(bytes, &asked.shown, &asked.id), actions);
        }
    }

    fn pass_to_server(&mut self, bytes: Vec<u8>, actions: &mut Vec<Action>) {
        if self.life == Life::Up {
            actions.push(Action::ToServer(bytes));
        }
    }

    fn is_stale_progress(&self, head: &Head) -> bool {
        let is_of = |asked: &Asked| head.progress.is_some() && asked.progress == head.progress;
        let mut of_it = self.asked.iter().filter(|asked| is_of(asked)).peekable();
        of_it.peek().is_some() && of_it.all(|asked| asked.is_stale)
    }

    /// Remembers what is delivered to the server.
    fn note_of_client(&mut self, head: &Head, bytes: &[u8], now: Instant) {
        self.dialogue.of_client(head, bytes);
        if let (Kind::Request, Some(id)) = (head.kind(), &head.id) {
            let method = head.method.clone().unwrap_or_default();
            self.open.push(Open { id: id.clone(), method, since: now, is_cancelled: false });
        }
    }

    fn refuse_all(&self, message: &Message, cause: &str, actions: &mut Vec<Action>) {
        for head in message.heads() {
            self.refuse(head, cause, actions);
        }
    }

    /// Answers a request that no server will have.
    fn refuse(&self, head: &Head, cause: &str, actions: &mut Vec<Action>) {
        if let (Kind::Request, Some(id)) = (head.kind(), &head.id) {
            actions.push(Action::ToClient(reply::refused(id, &self.server, cause)));
        }
    }

    /// Something has come from the server.
    pub fn server(&mut self, piece: Piece, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match piece {
            Piece::Part(bytes) => {
                if self.from_server == Passing::Nothing {
                    self.from_server = if self.life == Life::Up { Passing::Through } else { Passing::Away };
                }
                if self.from_server == Passing::Through {
                    actions.push(Action::ToClient(bytes));
                }
            }
            Piece::End(bytes, message) => {
                if std::mem::take(&mut self.from_server) == Passing::Through {
                    for head in message.heads() {
                        self.note_of_server(head, None, now, &mut actions);
                    }
                    actions.push(Action::ToClient(bytes));
                }
            }
            Piece::Whole(bytes, Message::Stray) => actions.push(Action::Stray(bytes)),
            Piece::Whole(bytes, Message::Single(head)) => self.server_message(bytes, head, now, &mut actions),
            Piece::Whole(bytes, Message::Batch(heads)) => {
                for head in &heads {
                    self.note_of_server(head, None, now, &mut actions);
                }
                actions.push(Action::ToClient(bytes));
            }
        }
        actions
    }

    fn server_message(&mut self, mut bytes: Vec<u8>, head: Head, now: Instant, actions: &mut Vec<Action>) {
        if head.kind() == Kind::Response && head.id.as_ref().is_some_and(|id| self.dialogue.swallows(id)) {
            return self.replay_answered(&bytes, &head, now, actions);
        }
        if let Life::Replaying(held) = &mut self.life {
            // An answer to nothing that this life was asked.
            if head.kind() != Kind::Response {
                held.push((bytes, head));
            }
            return;
        }
        match head.kind() {
            Kind::Response => {
                let place = self.open.iter().position(|open| Some(&open.id) == head.id.as_ref());
                let is_known = |id: &Raw| self.ended > 0 || self.answered.contains(id);
                if place.is_none() && head.id.as_ref().is_some_and(is_known) {
                    return;
                }
                let method = place.map(|place| self.open[place].method.clone());
                if matches!(method.as_deref(), Some("initialize" | "server/discover"))
                    && head.has_result
                    && !self.is_exact
                {
                    bytes = announced(bytes);
                }
                if method.as_deref() == Some("subscriptions/listen") && head.has_error && !self.is_exact {
                    let told = head.id.as_ref().map(|id| self.dialogue.subscription_refused(id, &bytes));
                    match told {
                        Some(Told::Nothing) => return,
                        Some(Told::Instead(bytes)) => return actions.push(Action::ToClient(bytes)),
                        Some(Told::AsItIs) | None => {}
                    }
                }
                self.note_of_server(&head, Some(&bytes), now, actions);
            }
            Kind::Request => bytes = self.server_asks(bytes, &head),
            Kind::Notification if head.method.as_deref() == Some("notifications/subscriptions/acknowledged") => {
                let lists = if self.is_exact { Vec::new() } else { self.dialogue.lists() };
                match self.dialogue.subscriptions.acknowledged(&head, &bytes, &lists) {
                    Told::AsItIs => {}
                    Told::Nothing => return,
                    Told::Instead(told) => bytes = told,
                }
            }
            Kind::Notification if head.method.as_deref() == Some("notifications/cancelled") => {
                let asked =
                    self.asked.iter().find(|asked| !asked.is_stale && Some(&asked.id) == head.cancelled.as_ref());
                if let Some(asked) = asked.filter(|asked| asked.id != asked.shown) {
                    bytes = with_value(bytes, &["params", "requestId"], &asked.shown);
                }
            }
            Kind::Notification | Kind::Unknown => {}
        }
        actions.push(Action::ToClient(bytes));
    }

    /// Remembers a request of the server; the message as the client is to see it.
    fn server_asks(&mut self, bytes: Vec<u8>, head: &Head) -> Vec<u8> {
        let Some(id) = head.id.clone() else { return bytes };
        let is_taken = self.asked.iter().any(|asked| asked.shown == id);
        let mut shown = id.clone();
        if is_taken {
            self.renamed += 1;
            shown = Raw::new(format!("\"mcp-hook:{}\"", self.renamed).into_bytes());
        }
        let bytes = with_id(bytes, &id, &shown);
        self.asked.push(Asked { id, shown, progress: head.wanted_progress.clone(), is_stale: false });
        bytes
    }

    /// Remembers what the server answers and asks in a message that passes.
    fn note_of_server(&mut self, head: &Head, bytes: Option<&[u8]>, now: Instant, actions: &mut Vec<Action>) {
        let Some(id) = &head.id else { return };
        match head.kind() {
            Kind::Response => {
                let Some(place) = self.open.iter().position(|open| open.id == *id) else { return };
                let open = self.open.remove(place);
                self.answered.push_back(open.id.clone());
                if self.answered.len() > REMEMBERED {
                    self.answered.pop_front();
                }
                self.dialogue.answered(&open.method, id, head, bytes);
                actions.push(Action::Done(Call {
                    took: now.saturating_duration_since(open.since),
                    method: open.method,
                    is_error: head.has_error,
                }));
            }
            Kind::Request => {
                let (id, progress) = (id.clone(), head.wanted_progress.clone());
                self.asked.push(Asked { shown: id.clone(), id, progress, is_stale: false });
            }
            Kind::Notification | Kind::Unknown => {}
        }
    }

    /// The server's tree has ended and all that it said has been handed in. `undelivered` are messages of which no byte
    /// has reached it; `rest` is a line that it did not end.
    pub fn ended(
        &mut self,
        death: &Death,
        mut undelivered: Vec<(Vec<u8>, Message)>,
        next: Next,
        now: Instant,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        self.ended += 1;
        if std::mem::take(&mut self.from_server) == Passing::Through {
            actions.push(Action::ToClient(b"\n".to_vec()));
        }
        if self.from_client == Passing::Through {
            self.from_client = Passing::Away;
        }
        for id in undelivered.iter().flat_map(|(_, message)| message.heads()).filter_map(|head| head.id.as_ref()) {
            self.open.retain(|open| open.id != *id);
            self.dialogue.subscriptions.forget(id);
        }
        if self.dialogue.era == Era::Handshake {
            // The successor is told that in any case.
            undelivered.retain(|(_, message)| !message.heads().iter().any(Head::is_initialized));
        }
        self.queue.put_back(queue::without_stale(undelivered));
        let is_restarting = !matches!(next, Next::None(_));
        let (listening, open): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().partition(|open| self.dialogue.subscriptions.contains(&open.id));
        self.open = listening;
        for open in open {
            actions.extend(self.end_call(open, death, is_restarting, now));
        }
        for asked in self.asked.iter_mut().filter(|asked| !asked.is_stale) {
            asked.is_stale = true;
            actions.push(Action::ToClient(reply::cancelled(&asked.shown, &self.server)));
        }
        self.dialogue.life_ended();
        self.life = match next {
            Next::Now => Life::Starting,
            Next::OnRequest if self.queue.has_call() => {
                actions.push(Action::Start);
                Life::Starting
            }
            Next::OnRequest => Life::Resting,
            Next::None(cause) => {
                for (_, message) in self.queue.take() {
                    self.refuse_all(&message, &cause, &mut actions);
                }
                Life::Out(cause)
            }
        };
        actions
    }

    fn end_call(&mut self, open: Open, death: &Death, is_restarting: bool, now: Instant) -> Vec<Action> {
        if open.is_cancelled {
            return Vec::new();
        }
        let answer = match open.method.as_str() {
            // Asked again: it has no effect but to begin.
            "initialize" if is_restarting => {
                if let Some(bytes) = self.dialogue.initialize() {
                    let head = Head { id: Some(open.id), method: Some(open.method), ..Head::default() };
                    self.queue.put_back(vec![(bytes, Message::Single(head))]);
                }
                return Vec::new();
            }
            "server/discover" if !self.dialogue.has_answered => reply::unknown_method(&open.id),
            _ => reply::died(&open.id, &self.server, death, is_restarting),
        };
        let took = now.saturating_duration_since(open.since);
        vec![Action::ToClient(answer), Action::Done(Call { method: open.method, took, is_error: true })]
    }

    /// A server runs: a successor is told what it has to know.
    pub fn started(&mut self, now: Instant) -> Vec<Action> {
        if self.life == Life::Up {
            return Vec::new();
        }
        let mut actions: Vec<Action> = self.dialogue.replay().into_iter().map(Action::ToThisServer).collect();
        self.life = Life::Replaying(Vec::new());
        if !self.dialogue.awaits_handshake() {
            self.be_up(now, &mut actions);
        }
        actions
    }

    /// Whether a successor has not answered yet what it was told.
    pub fn is_replaying(&self) -> bool {
        matches!(self.life, Life::Replaying(_))
    }

    /// There is no server, and the next request starts one.
    pub fn rest(&mut self) {
        if matches!(self.life, Life::Out(_)) {
            self.life = Life::Resting;
        }
    }

    /// Somebody asked for the server while there was none, or its time to rest is over.
    pub fn revived(&mut self) -> bool {
        let is_down = matches!(self.life, Life::Out(_) | Life::Resting);
        if is_down {
            self.life = Life::Starting;
        }
        is_down
    }

    fn replay_answered(&mut self, bytes: &[u8], head: &Head, now: Instant, actions: &mut Vec<Action>) {
        if !matches!(self.life, Life::Replaying(_)) || !self.dialogue.is_handshake(head) {
            return;
        }
        if head.has_error {
            let why = String::from_utf8_lossy(bytes).trim().to_owned();
            return actions.push(Action::Fail(format!("it refused the handshake of its predecessor: {why}")));
        }
        actions.extend(self.dialogue.handshake_answered(bytes).into_iter().map(Action::Note));
        actions.extend(self.dialogue.after_handshake().into_iter().map(Action::ToThisServer));
        self.be_up(now, actions);
    }

    /// The successor may be spoken to: what was held and what waited goes on, and the client hears that lists may differ.
    fn be_up(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let held = match std::mem::replace(&mut self.life, Life::Up) {
            Life::Replaying(held) => held,
            _ => Vec::new(),
        };
        for (bytes, head) in held {
            self.server_message(bytes, head, now, actions);
        }
        if !self.is_exact {
            actions.extend(self.dialogue.list_changes().into_iter().map(Action::ToClient));
        }
        for (bytes, message) in self.queue.take() {
            for head in message.heads() {
                self.note_of_client(head, &bytes, now);
            }
            actions.push(Action::ToServer(bytes));
        }
    }

    /// In which era client and server speak, as far as an answer has told.
    pub fn era(&self) -> &'static str {
        match self.dialogue.era {
            Era::Unknown => "unknown",
            Era::Handshake => "handshake",
            Era::Stateless => "stateless",
        }
    }
}

fn with_id(bytes: Vec<u8>, from: &Raw, to: &Raw) -> Vec<u8> {
    if from == to { bytes } else { with_value(bytes, &["id"], to) }
}

fn with_value(bytes: Vec<u8>, path: &[&str], value: &Raw) -> Vec<u8> {
    let changed = std::str::from_utf8(&bytes).ok().zip(std::str::from_utf8(&value.bytes).ok());
    changed.and_then(|(text, value)| edit::replace(text, path, value)).map_or(bytes, String::into_bytes)
}

fn announced(bytes: Vec<u8>) -> Vec<u8> {
    String::from_utf8(bytes)
        .map_or_else(FromUtf8Error::into_bytes, |text| edit::announce_list_changes(&text).into_bytes())
}

#[cfg(test)]
mod tests;
