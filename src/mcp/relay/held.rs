//! What a successor says before it has answered what it is told first: it passes afterwards.

use crate::mcp::message::Head;

/// How many bytes are kept. Nothing can wait in the server's pipe instead: the answer comes behind it.
const MOST_BYTES: usize = 1 << 20;
/// How many messages are kept.
const MOST: usize = 256;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    messages: Vec<(Vec<u8>, Head)>,
    bytes: usize,
    dropped: usize,
}

impl Held {
    /// Keeps a message; false if there is no room.
    pub fn push(&mut self, bytes: Vec<u8>, head: &Head) -> bool {
        let has_room = self.messages.len() < MOST && self.bytes + bytes.len() <= MOST_BYTES;
        if has_room {
            self.bytes += bytes.len();
            self.messages.push((bytes, head.clone()));
        }
        has_room
    }

    pub fn note_dropped(&mut self) {
        self.dropped += 1;
    }

    /// What passes now, and that not everything does, in words.
    pub fn into_messages(self) -> (Vec<(Vec<u8>, Head)>, Option<String>) {
        let Self { messages, dropped, .. } = self;
        let text = format!("it said so much before it answered the first request that {dropped} messages were dropped");
        (messages, (dropped > 0).then_some(text))
    }
}
