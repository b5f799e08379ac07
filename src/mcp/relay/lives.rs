//! What a relay does when a life of the server ends, and when the next one begins.

use std::collections::BTreeSet;
use std::time::Instant;

use super::dialogue::Era;
use super::{Action, Answered, Asking, Call, Death, Held, Life, Next, Open, Passing, Relay, batch, queue, reply};
use crate::mcp::framer;
use crate::mcp::message::{Head, Message, Raw};

impl Relay {
    /// The server's tree has ended and all that it said has been handed in. `undelivered` are messages of which no byte
    /// has reached it; `rest` is a line that it did not end.
    pub fn ended(
        &mut self,
        death: &Death,
        undelivered: Vec<(Vec<u8>, Message)>,
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
        self.take_back(undelivered, now);
        (self.answered, self.has_unknown) = (Answered::default(), false);
        let not_again = if let Next::None(cause) = &next { Some(cause.as_str()) } else { None };
        let (listening, open): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().partition(|open| self.dialogue.subscriptions.contains(&open.id));
        self.open = listening;
        for open in open {
            actions.extend(self.end_call(open, death, not_again, now));
        }
        for asked in &mut self.asked {
            if std::mem::replace(&mut asked.state, Asking::Stale) == Asking::Awaited {
                actions.push(Action::ToClient(reply::cancelled(&asked.shown, &self.server)));
            }
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

    /// Keeps what the server has not had for its successor.
    fn take_back(&mut self, undelivered: Vec<(Vec<u8>, Message)>, now: Instant) {
        let whole = |(bytes, message): (Vec<u8>, Message)| {
            let message = batch::whole(&bytes, message);
            (bytes, message)
        };
        let undelivered: Vec<_> = undelivered.into_iter().map(whole).collect();
        let requests: BTreeSet<Raw> = queue::requests(&undelivered).cloned().collect();
        self.open.retain(|open| !requests.contains(&open.id));
        for id in &requests {
            self.dialogue.subscriptions.forget(id);
        }
        let is_asked_again = self.open.iter().any(|open| open.method == "initialize");
        let is_told = self.dialogue.era == Era::Handshake || is_asked_again;
        self.queue.put_back(queue::without_stale(undelivered, is_told), now);
    }

    /// `not_again` is why the server is not started again, if it is not.
    fn end_call(&mut self, open: Open, death: &Death, not_again: Option<&str>, now: Instant) -> Vec<Action> {
        if open.is_cancelled {
            return Vec::new();
        }
        let answer = match open.method.as_str() {
            // Asked again: it has no effect but to begin.
            "initialize" if not_again.is_none() && self.dialogue.can_begin() => {
                let again = self.dialogue.beginning().into_iter().map(|bytes| {
                    let message = framer::message(&bytes);
                    (bytes, message)
                });
                self.queue.put_back(again.collect(), now);
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
        self.life = Life::Replaying(Held::default());
        let told = match self.dialogue.replay() {
            Ok(told) => told,
            Err(why) => return vec![Action::Fail(why)],
        };
        let mut actions: Vec<Action> = told.into_iter().map(Action::ToThisServer).collect();
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
            self.note_message(&bytes, &message, now);
            actions.push(Action::ToServer(bytes));
        }
    }
}
