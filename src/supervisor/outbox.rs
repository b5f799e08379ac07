//! Bytes on their way into a pipe that does not take more at the moment.

use std::collections::VecDeque;

/// What becomes of bytes whose receiver ends before it has taken them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What its receiver has not begun to take is for the next one.
    ForSuccessor,
    /// It is for this receiver only.
    No,
}

/// Messages on their way, of which the first may be half gone.
#[derive(Default)]
pub struct Outbox {
    messages: VecDeque<(Vec<u8>, Kept)>,
    /// How much of the first is gone.
    sent: usize,
    pub bytes: usize,
}

impl Outbox {
    pub fn push(&mut self, bytes: Vec<u8>, kept: Kept) {
        if !bytes.is_empty() {
            self.bytes += bytes.len();
            self.messages.push_back((bytes, kept));
        }
    }

    pub fn front(&self, most: usize) -> &[u8] {
        let rest = self.messages.front().map_or(&[][..], |(first, _)| &first[self.sent..]);
        &rest[..rest.len().min(most)]
    }

    pub fn advance(&mut self, written: usize) {
        self.sent += written;
        self.bytes -= written;
        if self.messages.front().is_some_and(|(first, _)| first.len() == self.sent) {
            self.messages.pop_front();
            self.sent = 0;
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The messages for a successor of which nothing is gone; the rest is forgotten.
    pub fn take_unsent(&mut self) -> Vec<Vec<u8>> {
        let begun = usize::from(self.sent > 0);
        let unsent = std::mem::take(&mut self.messages).into_iter().skip(begun);
        let unsent = unsent.filter(|(_, kept)| *kept == Kept::ForSuccessor).map(|(bytes, _)| bytes).collect();
        self.clear();
        unsent
    }
}
