//! The few members of a message that are read, as their keys and values pass by.

use super::token::Text;
use crate::mcp::message::{Head, Message, Raw};

/// The longest value that is remembered, in bytes. A longer id is as good as none.
pub const LONGEST_VALUE: usize = 4096;
/// The longest key that is compared, in bytes.
const LONGEST_KEY: usize = 64;
/// How many objects of an array are remembered: of one that passes as it comes nearly always all.
pub const LARGEST_BATCH: usize = 1 << 14;

#[derive(Debug, Default)]
pub struct Fields {
    heads: Vec<Head>,
    /// The open objects that members are read of.
    places: Vec<Place>,
    /// The member whose value is read.
    field: Field,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

/// An object that members are read of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Message,
    Params,
    Meta,
}

/// A member that is read, or one that is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Field {
    #[default]
    Other,
    Id,
    Method,
    Result,
    Error,
    Params,
    Cancelled,
    Progress,
    Meta,
    WantedProgress,
    Subscription,
}

impl Fields {
    /// What the message was, after its last byte.
    pub fn into_message(mut self, is_batch: bool) -> Message {
        match (is_batch, self.heads.pop()) {
            (true, last) => Message::Batch(self.heads.into_iter().chain(last).collect()),
            (false, Some(head)) => Message::Single(head),
            (false, None) => Message::Stray,
        }
    }

    /// The same before its last byte.
    pub fn so_far(&self, is_batch: bool) -> Message {
        match self.heads.as_slice() {
            heads if is_batch => Message::Batch(heads.to_vec()),
            [head] => Message::Single(head.clone()),
            _ => Message::Stray,
        }
    }

    /// How many objects that members are read of stand in each other here.
    pub fn depth(&self) -> usize {
        self.places.len()
    }

    pub fn begin_key(&mut self) {
        self.key.clear();
    }

    /// The value of the last key follows; `is_read` unless it stands in an object that nothing is read of.
    pub fn begin_member(&mut self, is_read: bool) {
        let place = self.places.last().filter(|_| is_read);
        self.field = place.map_or(Field::Other, |&place| field(place, &self.key));
    }

    pub fn begin_value(&mut self, byte: u8) {
        self.value = self.field.is_remembered().then(|| vec![byte]);
    }

    /// An object or array begins.
    pub fn open(&mut self, is_object: bool, is_message: bool) {
        self.note_presence();
        let place = match self.field {
            _ if is_message && is_object => self.begin_message(),
            Field::Params => {
                self.forget_params();
                is_object.then_some(Place::Params)
            }
            Field::Meta => {
                self.forget_meta();
                is_object.then_some(Place::Meta)
            }
            _ => None,
        };
        self.places.extend(place);
        self.end_member();
    }

    fn begin_message(&mut self) -> Option<Place> {
        (self.heads.len() < LARGEST_BATCH).then(|| {
            self.heads.push(Head::default());
            Place::Message
        })
    }

    /// The innermost object that members are read of ends.
    pub fn close(&mut self) {
        self.places.pop();
    }

    /// What comes next is not of this member.
    pub fn end_member(&mut self) {
        self.value = None;
        self.field = Field::Other;
    }

    /// Takes in more of a key, or of a value.
    pub fn keep(&mut self, of: Text, bytes: &[u8]) {
        match of {
            Text::Key if self.key.len() + bytes.len() <= LONGEST_KEY => self.key.extend(bytes),
            // Longer than every key that is read: it stays so.
            Text::Key => self.key.resize(LONGEST_KEY + 1, b' '),
            Text::Value => {
                if let Some(value) = &mut self.value {
                    if value.len() + bytes.len() <= LONGEST_VALUE {
                        value.extend(bytes);
                    } else {
                        self.value = None;
                    }
                }
            }
        }
    }

    /// A string, number or word has ended.
    pub fn end_value(&mut self) {
        self.note_presence();
        let value = self.value.take();
        let field = std::mem::take(&mut self.field);
        let Some(head) = self.heads.last_mut() else { return };
        let raw = value.map(Raw::new);
        match field {
            Field::Id => head.id = raw,
            Field::Method => head.method = raw.and_then(Raw::into_text),
            Field::Cancelled => head.cancelled = raw,
            Field::Progress => head.progress = raw,
            Field::WantedProgress => head.wanted_progress = raw,
            Field::Subscription => head.subscription = raw,
            Field::Params => self.forget_params(),
            Field::Meta => self.forget_meta(),
            Field::Other | Field::Result | Field::Error => {}
        }
    }

    /// A member that stands twice counts as the second: the first one's values go.
    fn note_presence(&mut self) {
        let Some(head) = self.heads.last_mut() else { return };
        match self.field {
            Field::Result => head.has_result = true,
            Field::Error => head.has_error = true,
            Field::Id => head.id = None,
            Field::Method => head.method = None,
            Field::Cancelled => head.cancelled = None,
            Field::Progress => head.progress = None,
            Field::WantedProgress => head.wanted_progress = None,
            Field::Subscription => head.subscription = None,
            Field::Other | Field::Params | Field::Meta => {}
        }
    }

    fn forget_params(&mut self) {
        if let Some(head) = self.heads.last_mut() {
            head.cancelled = None;
            head.progress = None;
        }
        self.forget_meta();
    }

    fn forget_meta(&mut self) {
        if let Some(head) = self.heads.last_mut() {
            head.wanted_progress = None;
            head.subscription = None;
        }
    }

    /// How much of the memory depends on what was read, in bytes.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.key.capacity() + self.places.capacity() + self.value.as_ref().map_or(0, Vec::capacity)
    }
}

impl Field {
    fn is_remembered(self) -> bool {
        !matches!(self, Self::Other | Self::Result | Self::Error | Self::Params | Self::Meta)
    }
}

/// The member of an object by its key, which ends with its quote and may hold escapes.
fn field(place: Place, key: &[u8]) -> Field {
    let name = key.strip_suffix(b"\"").unwrap_or(key);
    let decoded = name.contains(&b'\\').then(|| decoded(key)).flatten();
    match (place, decoded.as_deref().unwrap_or(name)) {
        (Place::Message, b"id") => Field::Id,
        (Place::Message, b"method") => Field::Method,
        (Place::Message, b"result") => Field::Result,
        (Place::Message, b"error") => Field::Error,
        (Place::Message, b"params") => Field::Params,
        (Place::Params, b"requestId") => Field::Cancelled,
        (Place::Params, b"progressToken") => Field::Progress,
        (Place::Params, b"_meta") => Field::Meta,
        (Place::Meta, b"progressToken") => Field::WantedProgress,
        (Place::Meta, b"io.modelcontextprotocol/subscriptionId") => Field::Subscription,
        _ => Field::Other,
    }
}

/// A key without its escapes.
fn decoded(key: &[u8]) -> Option<Vec<u8>> {
    let quoted = [b"\"", key].concat();
    serde_json::from_slice(&quoted).ok().map(String::into_bytes)
}
