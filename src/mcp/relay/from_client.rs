//! What a relay does with what the client says.

use std::time::Instant;

use super::from_server::with_id;
use super::{Action, Asked, Call, Life, Open, Passing, Relay, reply};
use crate::mcp::framer::Piece;
use crate::mcp::message::{Head, Kind, Message};

impl Relay {
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
                if !self.queue.push(bytes, message.clone(), now) {
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
    pub(super) fn note_of_client(&mut self, head: &Head, bytes: &[u8], now: Instant) {
        self.dialogue.of_client(head, bytes);
        if let (Kind::Request, Some(id)) = (head.kind(), &head.id) {
            let method = head.method.clone().unwrap_or_default();
            self.open.push(Open { id: id.clone(), method, since: now, is_cancelled: false });
        }
        if let Some(id) = &head.cancelled {
            self.open.iter_mut().filter(|open| open.id == *id).for_each(|open| open.is_cancelled = true);
        }
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
