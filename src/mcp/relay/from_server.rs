//! What a relay does with what the server says.

use std::string::FromUtf8Error;
use std::time::Instant;

use super::{Action, Asked, Call, Life, Passing, REMEMBERED, Relay, Told};
use crate::mcp::edit;
use crate::mcp::framer::Piece;
use crate::mcp::message::{Head, Kind, Message, Raw};

impl Relay {
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

    pub(super) fn server_message(&mut self, mut bytes: Vec<u8>, head: Head, now: Instant, actions: &mut Vec<Action>) {
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
                actions.extend(self.dialogue.answered(&open.method, id, head, bytes).map(Action::Differs));
                actions.push(Action::Done(Call {
                    took: Some(now.saturating_duration_since(open.since)),
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
}

pub fn with_id(bytes: Vec<u8>, from: &Raw, to: &Raw) -> Vec<u8> {
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
