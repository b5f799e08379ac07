//! What a relay does with what the server says.

use std::string::FromUtf8Error;
use std::time::Instant;

use super::{Action, Asked, Asking, Call, Life, Passing, Relay, Told, batch, forget_oldest, reply};
use crate::mcp::edit;
use crate::mcp::framer::Piece;
use crate::mcp::message::{Head, Kind, Message, Raw};

impl Relay {
    /// Something has come from the server.
    pub fn server(&mut self, piece: Piece, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match piece {
            Piece::Begin(bytes, _) | Piece::Part(bytes) => {
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
                } else if let Message::Single(head) = message {
                    self.long_message_of_successor(&head, now, &mut actions);
                }
            }
            Piece::Whole(bytes, Message::Stray) => actions.push(Action::Stray(bytes)),
            Piece::Whole(bytes, Message::Single(head)) => self.server_message(bytes, &head, now, &mut actions),
            Piece::Whole(bytes, Message::Batch(heads)) => self.server_batch(bytes, &heads, now, &mut actions),
        }
        actions
    }

    /// An array in which all is as it should be passes as it is. Of another, what is left passes one by one: every client
    /// has to take that.
    fn server_batch(&mut self, bytes: Vec<u8>, heads: &[Head], now: Instant, actions: &mut Vec<Action>) {
        let Some(elements) = batch::split(&bytes) else { return self.server_bytes(bytes, heads, now, actions) };
        let (mut each, mut lines) = (Vec::new(), Vec::new());
        for (line, message) in elements {
            if let Message::Single(head) = message {
                self.server_message(line.clone(), &head, now, &mut each);
                lines.push(line);
            }
        }
        let for_client =
            |action: &Action| if let Action::ToClient(bytes) = action { Some(bytes.clone()) } else { None };
        if !self.is_replaying() && each.iter().filter_map(for_client).eq(lines) {
            each.retain(|action| for_client(action).is_none());
            each.push(Action::ToClient(bytes));
        }
        actions.extend(each);
    }

    /// An array that is not UTF-8: nothing can be taken out of it.
    fn server_bytes(&mut self, bytes: Vec<u8>, heads: &[Head], now: Instant, actions: &mut Vec<Action>) {
        if let Life::Replaying(_) = self.life {
            for head in heads {
                self.drop_of_successor(head, actions);
            }
        } else if self.ended == 0 || !heads.iter().any(|head| self.is_answer_to_nothing(head)) {
            for head in heads {
                self.note_of_server(head, None, now, actions);
            }
            actions.push(Action::ToClient(bytes));
        }
    }

    /// What was too long to be held of a successor that had not answered what it was told first.
    fn long_message_of_successor(&mut self, head: &Head, now: Instant, actions: &mut Vec<Action>) {
        match (head.kind(), &head.id) {
            (Kind::Response, Some(id)) if self.dialogue.swallows(id) => self.replay_answered(None, head, now, actions),
            (Kind::Response, _) => {}
            _ => self.drop_of_successor(head, actions),
        }
    }

    /// A server does not wait for an answer to what was dropped.
    fn drop_of_successor(&mut self, head: &Head, actions: &mut Vec<Action>) {
        if let Life::Replaying(held) = &mut self.life {
            held.note_dropped();
        }
        if let (Kind::Request, Some(id)) = (head.kind(), &head.id) {
            actions.push(Action::ToThisServer(reply::too_early(id)));
        }
    }

    pub(super) fn server_message(&mut self, mut bytes: Vec<u8>, head: &Head, now: Instant, actions: &mut Vec<Action>) {
        if head.kind() == Kind::Response && head.id.as_ref().is_some_and(|id| self.dialogue.swallows(id)) {
            return self.replay_answered(Some(&bytes), head, now, actions);
        }
        if let Life::Replaying(held) = &mut self.life {
            // An answer to nothing that this life was asked.
            if head.kind() != Kind::Response && !held.push(bytes, head) {
                self.drop_of_successor(head, actions);
            }
            return;
        }
        match head.kind() {
            Kind::Response => {
                if self.is_answer_to_nothing(head) {
                    return;
                }
                let open = self.open.iter().find(|open| Some(&open.id) == head.id.as_ref());
                let method = open.map(|open| open.method.clone());
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
                self.note_of_server(head, Some(&bytes), now, actions);
            }
            Kind::Request => bytes = self.server_asks(bytes, head),
            Kind::Notification if head.method.as_deref() == Some("notifications/subscriptions/acknowledged") => {
                let lists = if self.is_exact { Vec::new() } else { self.dialogue.lists() };
                match self.dialogue.subscriptions.acknowledged(head, &bytes, &lists) {
                    Told::AsItIs => {}
                    Told::Nothing => return,
                    Told::Instead(told) => bytes = told,
                }
            }
            Kind::Notification if head.is_cancellation() => bytes = self.server_cancels(bytes, head),
            Kind::Notification | Kind::Unknown => {}
        }
        actions.push(Action::ToClient(bytes));
    }

    /// Whether it answers what this life was not asked, or has answered before; with `--exact` a life may answer twice.
    fn is_answer_to_nothing(&self, head: &Head) -> bool {
        let Some(id) = head.id.as_ref().filter(|_| head.kind() == Kind::Response) else { return false };
        if self.open.iter().any(|open| open.id == *id) {
            return false;
        }
        let may_be_asked = self.ended == 0 || self.has_unknown;
        if self.answered.contains(id) { !self.is_exact } else { !may_be_asked }
    }

    /// Remembers a request of the server; the message as the client is to see it.
    fn server_asks(&mut self, bytes: Vec<u8>, head: &Head) -> Vec<u8> {
        let Some(id) = head.id.clone() else { return bytes };
        // What a server asks twice by one id it asks itself twice.
        let is_taken = self.asked.iter().any(|asked| asked.shown == id && asked.state == Asking::Stale);
        let mut shown = id.clone();
        if is_taken {
            self.renamed += 1;
            shown = Raw::new(format!("\"mcp-hook:{}\"", self.renamed).into_bytes());
        }
        self.asked.retain(|asked| asked.shown != shown || asked.state == Asking::Awaited);
        let bytes = with_id(bytes, &id, &shown);
        self.asked.push(Asked { id, shown, progress: head.wanted_progress.clone(), state: Asking::Awaited });
        bytes
    }

    /// The server no longer waits for an answer; the message as the client is to see it.
    fn server_cancels(&mut self, bytes: Vec<u8>, head: &Head) -> Vec<u8> {
        let is_it = |asked: &&mut Asked| asked.state != Asking::Stale && Some(&asked.id) == head.cancelled.as_ref();
        let Some(asked) = self.asked.iter_mut().find(is_it) else { return bytes };
        asked.state = Asking::TakenBack;
        let is_shown = asked.id == asked.shown;
        let bytes = if is_shown { bytes } else { with_value(bytes, &["params", "requestId"], &asked.shown) };
        forget_oldest(&mut self.asked, |asked| asked.state != Asking::Awaited);
        bytes
    }

    /// Remembers what the server answers and asks in a message that passes.
    fn note_of_server(&mut self, head: &Head, bytes: Option<&[u8]>, now: Instant, actions: &mut Vec<Action>) {
        match (head.kind(), &head.id) {
            (Kind::Response, Some(id)) => {
                let Some(place) = self.open.iter().position(|open| open.id == *id) else { return };
                let open = self.open.remove(place);
                self.answered.note(id);
                actions.extend(self.dialogue.answered(&open.method, id, head, bytes).map(Action::Differs));
                actions.push(Action::Done(Call {
                    took: Some(now.saturating_duration_since(open.since)),
                    method: open.method,
                    is_error: head.has_error,
                }));
            }
            (Kind::Request, Some(id)) => {
                let (id, progress) = (id.clone(), head.wanted_progress.clone());
                // It has passed under its own id: an answer is to this one, and no longer to another server's.
                self.asked.retain(|asked| asked.shown != id);
                self.asked.push(Asked { shown: id.clone(), id, progress, state: Asking::Awaited });
            }
            _ if head.is_cancellation() => drop(self.server_cancels(Vec::new(), head)),
            _ => {}
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
