//! What the client said while no server could hear it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use super::batch;
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
    /// Whether there is room for a message of this length.
    pub fn has_room(&self, length: usize) -> bool {
        self.messages.len() < MOST && self.bytes + length <= MOST_BYTES
    }

    /// Keeps a message.
    pub fn push(&mut self, bytes: Vec<u8>, message: Message, now: Instant) {
        self.since.get_or_insert(now);
        self.bytes += bytes.len();
        self.messages.push_back((bytes, message));
    }

    /// Puts messages in front, however many: they had been taken already.
    pub fn put_back(&mut self, messages: Vec<(Vec<u8>, Message)>, now: Instant) {
        for (bytes, message) in messages.into_iter().rev() {
            self.since.get_or_insert(now);
            self.bytes += bytes.len();
            self.messages.push_front((bytes, message));
        }
    }

    /// Takes a request out; false if it does not wait here.
    pub fn remove(&mut self, id: &Raw) -> bool {
        let is_it = |head: &Head| head.kind() == Kind::Request && head.id.as_ref() == Some(id);
        let Some(place) = self.messages.iter().position(|(_, message)| message.heads().iter().any(is_it)) else {
            return false;
        };
        let behind = self.messages.split_off(place + 1);
        let (bytes, message) = self.messages.pop_back().expect("it was found there");
        self.messages.extend(batch::without(bytes, message, is_it));
        self.messages.extend(behind);
        self.bytes = self.messages.iter().map(|(bytes, _)| bytes.len()).sum();
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
/// asked, and no word about its requests or those that it had. With `is_told`, the successor is told anyhow that it is
/// initialized.
pub fn without_stale(undelivered: Vec<(Vec<u8>, Message)>, is_told: bool) -> Vec<(Vec<u8>, Message)> {
    let asked: BTreeSet<Raw> = requests(&undelivered).cloned().collect();
    let is_stale = |head: &Head| match head.kind() {
        Kind::Response => true,
        Kind::Notification => {
            let is_of_dead = head.cancelled.as_ref().is_some_and(|id| !asked.contains(id)) || head.progress.is_some();
            is_of_dead || (is_told && head.is_initialized())
        }
        Kind::Request | Kind::Unknown => false,
    };
    undelivered.into_iter().flat_map(|(bytes, message)| batch::without(bytes, message, is_stale)).collect()
}

/// The ids of the requests among messages.
pub fn requests(messages: &[(Vec<u8>, Message)]) -> impl Iterator<Item = &Raw> {
    let heads = messages.iter().flat_map(|(_, message)| message.heads());
    heads.filter(|head| head.kind() == Kind::Request).filter_map(|head| head.id.as_ref())
}
