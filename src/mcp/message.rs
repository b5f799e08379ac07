//! What has to be known of a message to hand it on: JSON-RPC 2.0, as MCP uses it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::{Number, Value};

/// What a server can have lists of, and tell the changes of.
pub const LISTS: [&str; 3] = ["tools", "prompts", "resources"];

/// An id as it stood in the message, byte for byte: it goes back just as it came. Two are the same if their values are:
/// a server may write `"a"` where the client wrote `"\u0061"`.
#[derive(Clone, Debug)]
pub struct Raw {
    pub bytes: Vec<u8>,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Text(String),
    Integer(i128),
    Other(Vec<u8>),
}

/// What one JSON-RPC object says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `id`, whatever it is.
    pub id: Option<Raw>,
    /// `method`, if it is a text.
    pub method: Option<String>,
    /// Whether there is a `result`.
    pub has_result: bool,
    /// Whether there is an `error`.
    pub has_error: bool,
    /// `params.requestId`: which request a `notifications/cancelled` is about.
    pub cancelled: Option<Raw>,
    /// `params.progressToken`: which request a `notifications/progress` is about.
    pub progress: Option<Raw>,
    /// `params._meta.progressToken`: by which token a request wants to be told of its progress.
    pub wanted_progress: Option<Raw>,
    /// `params._meta["io.modelcontextprotocol/subscriptionId"]`: to which `subscriptions/listen` a notification belongs.
    pub subscription: Option<Raw>,
}

/// What a JSON-RPC object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A method with an id: it wants an answer.
    Request,
    /// A method without an id.
    Notification,
    /// A result or an error for an id.
    Response,
    /// None of them. It is handed on as it is.
    Unknown,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every message is a single one")]
pub enum Message {
    /// One object.
    Single(Head),
    /// An array (protocol 2025-03-26), with the objects in it.
    Batch(Vec<Head>),
    /// Nothing that MCP would send: no JSON, or neither an object nor an array.
    Stray,
}

impl Raw {
    pub fn new(bytes: Vec<u8>) -> Self {
        let key = plain_key(&bytes).unwrap_or_else(|| match serde_json::from_slice(&bytes) {
            Ok(Value::String(text)) => Key::Text(text),
            Ok(Value::Number(number)) => whole(&number).map_or_else(|| Key::Other(bytes.clone()), Key::Integer),
            _ => Key::Other(bytes.clone()),
        });
        Self { bytes, key }
    }

    /// Its value, if that is a text.
    pub fn into_text(self) -> Option<String> {
        if let Key::Text(text) = self.key { Some(text) } else { None }
    }

    /// Whether it stands for no id (JSON-RPC 2.0, section 5).
    pub fn is_null(&self) -> bool {
        self.bytes == b"null"
    }
}

/// The same as a parser would make of what nearly every id is: a text without escapes, or a small number.
fn plain_key(bytes: &[u8]) -> Option<Key> {
    match bytes {
        [b'"', text @ .., b'"'] if !text.iter().any(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20)) => {
            Some(Key::Text(std::str::from_utf8(text).ok()?.to_owned()))
        }
        [b'1'..=b'9', rest @ ..] if rest.len() < 18 && rest.iter().all(u8::is_ascii_digit) => {
            Some(Key::Integer(bytes.iter().fold(0, |number, digit| number * 10 + i128::from(digit - b'0'))))
        }
        _ => None,
    }
}

/// A number without a fraction: `1.0` is `1`.
pub fn whole(number: &Number) -> Option<i128> {
    let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small enough to be exact")]
    let rounded =
        || number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i128);
    exact.or_else(rounded)
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Raw {}

impl Hash for Raw {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for Raw {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Raw {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Message {
    /// The objects in it.
    pub fn heads(&self) -> &[Head] {
        match self {
            Self::Single(head) => std::slice::from_ref(head),
            Self::Batch(heads) => heads,
            Self::Stray => &[],
        }
    }

    /// The same without the rest.
    pub fn into_heads(self) -> Vec<Head> {
        match self {
            Self::Single(head) => vec![head],
            Self::Batch(heads) => heads,
            Self::Stray => Vec::new(),
        }
    }
}

impl Head {
    /// Whether it is the end of the handshake.
    pub fn is_initialized(&self) -> bool {
        self.method.as_deref() == Some("notifications/initialized")
    }

    /// Whether it takes a request back.
    pub fn is_cancellation(&self) -> bool {
        self.method.as_deref() == Some("notifications/cancelled")
    }

    /// What it is, by the fields that JSON-RPC tells it by.
    pub fn kind(&self) -> Kind {
        let has_id = self.id.as_ref().is_some_and(|id| !id.is_null());
        match (&self.method, has_id) {
            (Some(_), true) => Kind::Request,
            (Some(_), false) => Kind::Notification,
            (None, true) if self.has_result || self.has_error => Kind::Response,
            (None, _) => Kind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_key_is_what_a_parser_makes_of_it(text in prop_oneof![
            "-?[0-9]{1,20}",
            "\"[a-z\\\\\"\u{0}-\u{20}\u{e4}]{0,6}\"",
            "\"?[a-z0-9]{0,3}\"?",
        ]) {
            let parsed = serde_json::from_str::<Value>(&text).ok();
            match plain_key(text.as_bytes()) {
                Some(Key::Text(text)) => prop_assert_eq!(parsed, Some(Value::from(text))),
                Some(Key::Integer(number)) => prop_assert_eq!(parsed, Some(Value::from(i64::try_from(number).unwrap()))),
                Some(Key::Other(_)) => prop_assert!(false, "nothing else is plain"),
                None => {}
            }
        }
    }

    #[test]
    fn an_id_is_the_same_however_its_value_is_written() {
        let raw = |text: &[u8]| Raw::new(text.to_vec());
        for (one, other) in [(&br#""a""#[..], &br#""\u0061""#[..]), (b"1", b"1.0"), (b"10", b"1e1")] {
            assert_eq!(raw(one), raw(other));
        }
        for (one, other) in [(&b"\"1\""[..], &b"1"[..]), (b"1", b"-1"), (b"\"\xff\"", b"\"\xfe\""), (b"0", b"null")] {
            assert_ne!(raw(one), raw(other));
        }
    }
}
