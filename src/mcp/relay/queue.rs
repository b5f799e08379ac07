//! What the client said while no server could hear it.

use std::collections::VecDeque;
use std::time::Instant;

use crate::mcp::message::{Head, Kind, Message, Raw};

/// How many bytes are kept.
const MOST_BYTES: usize = 1 << 20;
/// How many messages are kept.
const MOST: usize = 256;

#[derive(Debug, Default)]
pub struct Queue {
    messages: VecDeque<(Vec<u8>, Message)>,
    bytes: usize,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Queue {
    /// Keeps a message; false if there is no room.
    pub fn push(&mut self, bytes: Vec<u8>, message: Message, now: Instant) -> bool {
        let has_room = self.messages.len() < MOST && self.bytes + bytes.len() <= MOST_BYTES;
        if has_room {
            self.since.get_or_insert(now);
            self.bytes += bytes.len();
            self.messages.push_back((bytes, message));
        }
        has_room
    }

    /// Puts messages in front, however many: they had been taken already.
    pub fn put_back(&mut self, messages: Vec<(Vec<u8>, Message)>, now: Instant) {
        for (bytes, message) in messages.into_iter().rev() {
            self.since.get_or_insert(now);
            self.bytes += bytes.len();
            self.messages.push_front((bytes, message));
        }
    }

    /// Takes a single request out; false if it does not wait here.
    pub fn remove(&mut self, id: &Raw) -> bool {
        let is_it = |message: &Message| matches!(message, Message::Single(head) if head.kind() == Kind::Request && head.id.as_ref() == Some(id));
        let Some(place) = self.messages.iter().position(|(_, message)| is_it(message)) else { return false };
        let removed = self.messages.remove(place);
        self.bytes -= removed.map_or(0, |(bytes, _)| bytes.len());
        true
    }

    pub fn has_call(&self) -> bool {
        self.calls().0 > 0
    }

    /// How many requests wait here, and since when, if there are any.
    pub fn calls(&self) -> (usize, Option<Instant>) {
        let heads = self.messages.iter().flat_map(|(_, message)| message.heads());
        let count = heads.filter(|head| head.kind() == Kind::Request).count();
        (count, self.since.filter(|_| count > 0))
    }

    pub fn take(&mut self) -> VecDeque<(Vec<u8>, Message)> {
        (self.bytes, self.since) = (0, None);
        std::mem::take(&mut self.messages)
    }
}

/// Of messages that a server did not get before it ended, those that mean something to its successor: no answers to what it
/// asked, and no word about its requests or those that it had.
pub fn without_stale(mut undelivered: Vec<(Vec<u8>, Message)>) -> Vec<(Vec<u8>, Message)> {
    let is_request = |head: &&Head| head.kind() == Kind::Request;
    let heads = undelivered.iter().flat_map(|(_, message)| message.heads());
    let asked: Vec<Raw> = heads.filter(is_request).filter_map(|head| head.id.clone()).collect();
    undelivered.retain(|(_, message)| {
        let Message::Single(head) = message else { return true };
        let is_of_dead = head.cancelled.as_ref().is_some_and(|id| !asked.contains(id)) || head.progress.is_some();
        match head.kind() {
            Kind::Response => false,
            Kind::Notification => !is_of_dead,
            Kind::Request | Kind::Unknown => true,
        }
    });
    undelivered
}
