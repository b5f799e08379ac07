//! What a relay does with what the client says.

use std::time::Instant;

use super::dialogue::Era;
use super::from_server::with_id;
use super::{Action, Asked, Asking, Call, Life, Open, Passing, Relay, batch, forget_oldest, reply};
use crate::mcp::framer::Piece;
use crate::mcp::message::{Head, Kind, Message, Raw};
use crate::mcp::scanner::LARGEST_BATCH;

impl Relay {
    /// Something has come from the client.
    pub fn client(&mut self, piece: Piece, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match piece {
            Piece::Begin(bytes, message) => {
                let is_passing = self.life == Life::Up && !self.may_have_to_change(&message);
                self.from_client = if is_passing { Passing::Through } else { Passing::Away };
                if is_passing {
                    actions.push(Action::ToThisServer(bytes));
                }
            }
            Piece::Part(bytes) if self.from_client == Passing::Through => actions.push(Action::ToThisServer(bytes)),
            Piece::Part(_) => {}
            Piece::End(bytes, message) => match std::mem::take(&mut self.from_client) {
                Passing::Through => {
                    self.has_unknown |= message.heads().len() >= LARGEST_BATCH;
                    for head in message.heads() {
                        self.note_of_client(head, None, now);
                    }
                    actions.push(Action::ToThisServer(bytes));
                }
                _ => self.lose(&message, &mut actions),
            },
            Piece::Whole(bytes, Message::Batch(heads)) => self.client_batch(bytes, heads, now, &mut actions),
            Piece::Whole(bytes, message) => self.client_message(bytes, message, now, &mut actions),
        }
        actions
    }

    /// Whether a message that passes as it comes may turn out to be an answer that its server must not get as it is. It
    /// cannot, where nothing of a dead server's is open.
    fn may_have_to_change(&self, begin: &Message) -> bool {
        let goes_as_it_is = |asked: &Asked| asked.state != Asking::Stale && asked.id == asked.shown;
        if self.asked.iter().all(goes_as_it_is) {
            return false;
        }
        let Message::Single(head) = begin else { return true };
        let is_answer = head.has_result || head.has_error;
        let asked = self.asked.iter().find(|asked| is_answer && Some(&asked.shown) == head.id.as_ref());
        head.method.is_none() && !asked.is_some_and(goes_as_it_is)
    }

    /// A message was too long to be kept, and no server has had it: whoever waits for something of it is told.
    fn lose(&mut self, message: &Message, actions: &mut Vec<Action>) {
        self.refuse_all(message, "the message is too long to be kept", actions);
        for head in message.heads().iter().filter(|head| head.kind() == Kind::Response) {
            let Some(place) = self.asked.iter().position(|asked| Some(&asked.shown) == head.id.as_ref()) else {
                continue;
            };
            let asked = self.asked.remove(place);
            if asked.state != Asking::Stale {
                actions.push(Action::ToThisServer(reply::too_long(&asked.id)));
            }
        }
    }

    /// An array in which all is as it should be goes on as it is. Of another, what is left goes on one by one: every server
    /// has to take that.
    fn client_batch(&mut self, bytes: Vec<u8>, heads: Vec<Head>, now: Instant, actions: &mut Vec<Action>) {
        let message = batch::whole(&bytes, Message::Batch(heads));
        let elements = if message.heads().iter().all(|head| self.goes_on(head)) { None } else { batch::split(&bytes) };
        let Some(elements) = elements else { return self.client_message(bytes, message, now, actions) };
        for (line, message) in elements {
            self.client_message(line, message, now, actions);
        }
    }

    /// Whether a part of an array is nothing that is only for a dead server, or that has to be changed.
    fn goes_on(&self, head: &Head) -> bool {
        let is_up = self.life == Life::Up;
        match head.kind() {
            Kind::Response => match self.asked.iter().find(|asked| Some(&asked.shown) == head.id.as_ref()) {
                Some(asked) => is_up && asked.state != Asking::Stale && asked.id == asked.shown,
                None => self.ended == 0,
            },
            Kind::Notification if head.is_cancellation() => {
                let is_known = self.open.iter().any(|open| Some(&open.id) == head.cancelled.as_ref());
                is_up && (is_known || self.ended == 0)
            }
            Kind::Notification if head.is_initialized() => is_up,
            Kind::Notification => !self.is_stale_progress(head),
            Kind::Request | Kind::Unknown => true,
        }
    }

    fn client_message(&mut self, bytes: Vec<u8>, message: Message, now: Instant, actions: &mut Vec<Action>) {
        if let Message::Single(head) = &message {
            match head.kind() {
                Kind::Notification if head.is_cancellation() => return self.client_cancels(bytes, head, actions),
                Kind::Notification if self.is_stale_progress(head) => return,
                Kind::Response => return self.client_answers(bytes, head, actions),
                _ => {}
            }
        }
        match &self.life {
            Life::Up => {
                self.note_message(&bytes, &message, now);
                actions.push(Action::ToServer(bytes));
            }
            Life::Out(cause) => {
                let cause = cause.clone();
                self.refuse_all(&message, &cause, actions);
                self.dialogue.initialized_by(message.heads(), Some(&bytes));
            }
            Life::Resting | Life::Starting | Life::Replaying(_) => self.wait(bytes, message, now, actions),
        }
    }

    /// Keeps a message for the server that is to come.
    fn wait(&mut self, bytes: Vec<u8>, message: Message, now: Instant, actions: &mut Vec<Action>) {
        // Part of what the successor is told anyhow.
        if self.dialogue.era == Era::Handshake && self.dialogue.initialized_by(message.heads(), Some(&bytes)) {
            return;
        }
        if !self.queue.has_room(bytes.len()) {
            return self.refuse_all(&message, "too many messages wait for the server", actions);
        }
        let is_call = message.heads().iter().any(|head| head.kind() == Kind::Request);
        self.queue.push(bytes, message, now);
        if is_call && self.life == Life::Resting {
            self.life = Life::Starting;
            actions.push(Action::Start);
        }
    }

    fn client_cancels(&mut self, bytes: Vec<u8>, head: &Head, actions: &mut Vec<Action>) {
        let Some(id) = &head.cancelled else { return self.pass_to_server(bytes, actions) };
        if self.queue.remove(id) {
            return;
        }
        if self.life != Life::Up {
            // A subscription: nothing else is open.
            self.dialogue.cancelled(id);
            return self.open.retain(|open| open.id != *id);
        }
        // Nor is anything known of a request of a dead life.
        if self.ended == 0 || self.open.iter().any(|open| open.id == *id) {
            self.note_cancelled(id);
            self.pass_to_server(bytes, actions);
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
        if asked.state != Asking::Stale {
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
        of_it.peek().is_some() && of_it.all(|asked| asked.state == Asking::Stale)
    }

    /// Remembers what is delivered to the server.
    pub(super) fn note_message(&mut self, bytes: &[u8], message: &Message, now: Instant) {
        if let Message::Batch(_) = message
            && let Some(elements) = batch::split(bytes)
        {
            return elements.iter().for_each(|(line, message)| self.note_message(line, message, now));
        }
        let bytes = if let Message::Single(_) = message { Some(bytes) } else { None };
        for head in message.heads() {
            self.note_of_client(head, bytes, now);
        }
    }

    /// The same of one object. Without bytes it was too long to be kept.
    fn note_of_client(&mut self, head: &Head, bytes: Option<&[u8]>, now: Instant) {
        self.dialogue.of_client(head, bytes);
        match (head.kind(), &head.id) {
            (Kind::Request, Some(id)) => {
                let method = head.method.clone().unwrap_or_default();
                self.open.push(Open { id: id.clone(), method, since: now, is_cancelled: false });
            }
            (Kind::Response, Some(id)) => self.asked.retain(|asked| asked.shown != *id),
            _ => {}
        }
        if let Some(id) = &head.cancelled {
            self.note_cancelled(id);
        }
    }

    fn note_cancelled(&mut self, id: &Raw) {
        self.dialogue.cancelled(id);
        self.open.iter_mut().filter(|open| open.id == *id).for_each(|open| open.is_cancelled = true);
        forget_oldest(&mut self.open, |open| open.is_cancelled);
    }

    pub(super) fn refuse_all(&self, message: &Message, cause: &str, actions: &mut Vec<Action>) {
        for head in message.heads() {
            self.refuse(head, cause, actions);
        }
    }

    /// Answers a request that no server will have.
    fn refuse(&self, head: &Head, cause: &str, actions: &mut Vec<Action>) {
        if let (Kind::Request, Some(id)) = (head.kind(), &head.id) {
            actions.push(Action::ToClient(reply::refused(id, &self.server, cause)));
            let method = head.method.clone().unwrap_or_default();
            actions.push(Action::Done(Call { method, took: None, is_error: true }));
        }
    }
}
