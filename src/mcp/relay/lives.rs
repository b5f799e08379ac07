//! What a relay does when a life of the server ends, and when the next one begins.

use std::time::Instant;

use super::dialogue::Era;
use super::{Action, Call, Death, Held, Life, Next, Open, Passing, Relay, queue, reply};
use crate::mcp::message::{Head, Kind, Message};

impl Relay {
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
        // An answer bears an id of the server's.
        let requests =
            undelivered.iter().flat_map(|(_, message)| message.heads()).filter(|head| head.kind() == Kind::Request);
        for id in requests.filter_map(|head| head.id.as_ref()) {
            self.open.retain(|open| open.id != *id);
            self.dialogue.subscriptions.forget(id);
        }
        if self.dialogue.era == Era::Handshake {
            // The successor is told that in any case.
            undelivered.retain(|(_, message)| !message.heads().iter().any(Head::is_initialized));
        }
        self.queue.put_back(queue::without_stale(undelivered), now);
        let not_again = if let Next::None(cause) = &next { Some(cause.as_str()) } else { None };
        let (listening, open): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().partition(|open| self.dialogue.subscriptions.contains(&open.id));
        self.open = listening;
        for open in open {
            actions.extend(self.end_call(open, death, not_again, now));
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

    /// `not_again` is why the server is not started again, if it is not.
    fn end_call(&mut self, open: Open, death: &Death, not_again: Option<&str>, now: Instant) -> Vec<Action> {
        if open.is_cancelled {
            return Vec::new();
        }
        let answer = match open.method.as_str() {
            // Asked again: it has no effect but to begin.
            "initialize" if not_again.is_none() => {
                if let Some(bytes) = self.dialogue.initialize() {
                    let head = Head { id: Some(open.id), method: Some(open.method), ..Head::default() };
                    self.queue.put_back(vec![(bytes, Message::Single(head))], now);
                }
                return Vec::new();
            }
            "server/discover" if !self.dialogue.has_answered => reply::unknown_method(&open.id),
            _ => reply::died(&open.id, &self.server, death, not_again),
        };
        let took = Some(now.saturating_duration_since(open.since));
        vec![Action::ToClient(answer), Action::Done(Call { method: open.method, took, is_error: true })]
    }

    /// A server runs: a successor is told what it has to know.
    pub fn started(&mut self, now: Instant) -> Vec<Action> {
        if self.life == Life::Up {
            return Vec::new();
        }
        let mut actions: Vec<Action> = self.dialogue.replay().into_iter().map(Action::ToThisServer).collect();
        self.life = Life::Replaying(Held::default());
        if !self.dialogue.awaits_handshake() {
            self.be_up(now, &mut actions);
        }
        actions
    }

    /// The successor has answered what it was told first; without bytes the answer was too long to be looked at.
    pub(super) fn replay_answered(
        &mut self,
        bytes: Option<&[u8]>,
        head: &Head,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if !matches!(self.life, Life::Replaying(_)) || !self.dialogue.is_handshake(head) {
            return;
        }
        match self.dialogue.handshake_answered(head, bytes) {
            Err(why) => actions.push(Action::Fail(why)),
            Ok(differences) => {
                actions.extend(differences.into_iter().map(Action::Differs));
                actions.extend(self.dialogue.after_handshake().into_iter().map(Action::ToThisServer));
                self.be_up(now, actions);
            }
        }
    }

    /// The successor may be spoken to: what was held and what waited goes on, and the client hears that lists may differ.
    fn be_up(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let (held, dropped) = match std::mem::replace(&mut self.life, Life::Up) {
            Life::Replaying(held) => held.into_messages(),
            _ => Default::default(),
        };
        actions.extend(dropped.map(Action::Differs));
        for (bytes, head) in held {
            self.server_message(bytes, &head, now, actions);
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
}
