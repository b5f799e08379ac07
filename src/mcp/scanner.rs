//! Reads one message while its bytes pass by: whether it is JSON (RFC 8259), and the few fields of [`Head`].
//!
//! Memory is bounded whatever the length of the message. Bytes inside of strings are not looked at: a message that is
//! not UTF-8 is none of our business.

use super::message::{Head, Message, Raw};
use super::search;

/// The longest value that is remembered, in bytes. A longer id is as good as none.
const LONGEST_VALUE: usize = 4096;
/// The longest key that is compared, in bytes.
const LONGEST_KEY: usize = 64;
/// How deep arrays and objects may stand in each other; what is deeper is taken for no message.
const DEEPEST: usize = 1 << 16;
/// How many objects of an array are remembered.
const LARGEST_BATCH: usize = 1024;

/// One message, read up to some byte.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    /// For every open array or object, whether it is an object.
    open: Vec<bool>,
    /// What the open objects are, as long as we are interested in them.
    places: Vec<Place>,
    /// The member whose value is read.
    field: Field,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    heads: Vec<Head>,
    is_batch: bool,
}

/// What the next byte may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A value.
    #[default]
    Value,
    /// The first element of an array, or its end.
    FirstElement,
    /// The first key of an object, or its end.
    FirstKey,
    /// A key.
    Key,
    /// The colon behind a key.
    Colon,
    /// What follows a value: a comma or an end.
    After,
    /// Inside a string.
    Text { of: Text, escape: Escape },
    /// Inside a number.
    Number(Number),
    /// Inside a word, of which so many bytes have come.
    Word(Word, u8),
    /// No JSON.
    Broken,
}

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Key,
    Value,
}

/// Where in an escape sequence of a string we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// Behind the backslash.
    Begun,
    /// So many hexadecimal digits are to come.
    Digits(u8),
}

/// What is a value and no text or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    True,
    False,
    Null,
}

/// Where in a number we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// An object that fields are read of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Message,
    Params,
    Meta,
    Other,
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

impl Scanner {
    /// Reads on. The bytes are of one message, without the newline that ends it.
    pub fn read(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() && self.state != State::Broken {
            if let State::Text { of, escape: Escape::None } = self.state {
                let end = at + search::plain_text(&bytes[at..]);
                self.keep(of, &bytes[at..end]);
                at = end;
                if at == bytes.len() {
                    break;
                }
            }
            self.step(bytes[at]);
            at += 1;
        }
    }

    /// What the message was, after its last byte.
    pub fn finish(mut self) -> Message {
        if let State::Number(number) = self.state
            && number.may_end()
        {
            self.end_value();
        }
        if self.state != State::After || !self.open.is_empty() {
            return Message::Stray;
        }
        match (self.is_batch, self.heads.pop()) {
            (true, last) => Message::Batch(self.heads.into_iter().chain(last).collect()),
            (false, Some(head)) => Message::Single(head),
            (false, None) => Message::Stray,
        }
    }

    fn step(&mut self, byte: u8) {
        match self.state {
            State::Text { of, escape } => self.step_in_text(of, escape, byte),
            State::Number(number) => match number.next(byte) {
                Some(next) => {
                    self.keep(Text::Value, &[byte]);
                    self.state = State::Number(next);
                }
                None if number.may_end() => {
                    self.end_value();
                    self.step(byte);
                }
                None => self.state = State::Broken,
            },
            State::Word(word, seen) => {
                self.keep(Text::Value, &[byte]);
                let text = word.text();
                match text.get(usize::from(seen)) {
                    Some(&expected) if expected != byte => self.state = State::Broken,
                    _ if usize::from(seen) + 1 == text.len() => self.end_value(),
                    _ => self.state = State::Word(word, seen + 1),
                }
            }
            State::Broken => {}
            _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
            State::FirstKey if byte == b'}' => self.close(true),
            State::FirstElement if byte == b']' => self.close(false),
            State::FirstKey | State::Key if byte == b'"' => {
                self.key.clear();
                self.state = State::Text { of: Text::Key, escape: Escape::None };
            }
            State::Colon if byte == b':' => self.begin_member(),
            State::After => self.step_after(byte),
            State::Value | State::FirstElement => self.begin_value(byte),
            State::FirstKey | State::Key | State::Colon => self.state = State::Broken,
        }
    }

    fn step_in_text(&mut self, of: Text, escape: Escape, byte: u8) {
        let next = match (escape, byte) {
            (Escape::None, b'"') => {
                self.keep(of, b"\"");
                match of {
                    Text::Key => self.state = State::Colon,
                    Text::Value => self.end_value(),
                }
                return;
            }
            (Escape::None, b'\\') => Some(Escape::Begun),
            (Escape::None, byte) => (byte >= 0x20).then_some(Escape::None),
            (Escape::Begun, b'u') => Some(Escape::Digits(4)),
            (Escape::Begun, byte) => b"\"\\/bfnrt".contains(&byte).then_some(Escape::None),
            (Escape::Digits(1), byte) if byte.is_ascii_hexdigit() => Some(Escape::None),
            (Escape::Digits(left), byte) => byte.is_ascii_hexdigit().then(|| Escape::Digits(left - 1)),
        };
        self.keep(of, &[byte]);
        self.state = next.map_or(State::Broken, |escape| State::Text { of, escape });
    }

    fn step_after(&mut self, byte: u8) {
        match (byte, self.open.last()) {
            (b',', Some(true)) => self.state = State::Key,
            (b',', Some(false)) => self.state = State::Value,
            (b'}', Some(true)) => self.close(true),
            (b']', Some(false)) => self.close(false),
            _ => self.state = State::Broken,
        }
    }

    fn begin_member(&mut self) {
        let place = if self.places.len() == self.objects_deep() { self.places.last().copied() } else { None };
        self.field = place.map_or(Field::Other, |place| field(place, &self.key));
        self.state = State::Value;
    }

    /// How many objects deep the innermost place would stand if it were read.
    fn objects_deep(&self) -> usize {
        self.open.len() - usize::from(self.is_batch)
    }

    fn begin_value(&mut self, byte: u8) {
        if self.open.is_empty() && !matches!(byte, b'{' | b'[') {
            self.state = State::Broken;
            return;
        }
        self.value = self.field.is_remembered().then(|| vec![byte]);
        self.state = match byte {
            b'{' | b'[' => return self.open(byte == b'{'),
            b'"' => State::Text { of: Text::Value, escape: Escape::None },
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            b'1'..=b'9' => State::Number(Number::Whole),
            b't' => State::Word(Word::True, 1),
            b'f' => State::Word(Word::False, 1),
            b'n' => State::Word(Word::Null, 1),
            _ => State::Broken,
        };
    }

    fn open(&mut self, is_object: bool) {
        if self.open.len() == DEEPEST {
            self.state = State::Broken;
            return;
        }
        self.note_presence();
        let place = self.place_of_object(is_object);
        self.is_batch |= self.open.is_empty() && !is_object;
        self.open.push(is_object);
        if let Some(place) = place {
            self.places.push(place);
        }
        self.value = None;
        self.field = Field::Other;
        self.state = if is_object { State::FirstKey } else { State::FirstElement };
    }

    /// What an object that begins here is to us; none where nothing in it is read.
    fn place_of_object(&mut self, is_object: bool) -> Option<Place> {
        let is_message = self.open.is_empty() || (self.is_batch && self.open.len() == 1);
        if is_object && is_message {
            if self.heads.len() < LARGEST_BATCH {
                self.heads.push(Head::default());
                return Some(Place::Message);
            }
            return Some(Place::Other);
        }
        match self.field {
            Field::Params => {
                self.forget_params();
                is_object.then_some(Place::Params)
            }
            Field::Meta => {
                self.forget_meta();
                is_object.then_some(Place::Meta)
            }
            _ => None,
        }
    }

    fn close(&mut self, is_object: bool) {
        let was_place = is_object && self.places.len() == self.objects_deep();
        self.open.pop();
        if was_place {
            self.places.pop();
        }
        self.value = None;
        self.field = Field::Other;
        self.state = State::After;
    }

    fn keep(&mut self, of: Text, bytes: &[u8]) {
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

    fn end_value(&mut self) {
        self.note_presence();
        let value = self.value.take();
        let field = std::mem::take(&mut self.field);
        self.state = State::After;
        let Some(head) = self.heads.last_mut() else { return };
        let raw = value.map(Raw::new);
        match field {
            Field::Id => head.id = raw,
            Field::Method => head.method = raw.and_then(|raw| serde_json::from_slice(&raw.bytes).ok()),
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
}

impl Field {
    fn is_remembered(self) -> bool {
        !matches!(self, Self::Other | Self::Result | Self::Error | Self::Params | Self::Meta)
    }
}

impl Word {
    fn text(self) -> &'static [u8] {
        match self {
            Self::True => b"true",
            Self::False => b"false",
            Self::Null => b"null",
        }
    }
}

impl Number {
    /// Where a byte leads; none if it does not belong to the number.
    fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Some(Self::Whole),
            (Self::Zero | Self::Whole, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Some(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Some(Self::ExponentSign),
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Some(Self::ExponentDigits),
            _ => None,
        }
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::ExponentDigits)
    }
}

/// The member of an object by its key, which ends with its quote and may hold escapes.
fn field(place: Place, key: &[u8]) -> Field {
    let quoted = [b"\"", key].concat();
    let decoded: Option<String> = serde_json::from_slice(&quoted).ok();
    match (place, decoded.as_deref()) {
        (Place::Message, Some("id")) => Field::Id,
        (Place::Message, Some("method")) => Field::Method,
        (Place::Message, Some("result")) => Field::Result,
        (Place::Message, Some("error")) => Field::Error,
        (Place::Message, Some("params")) => Field::Params,
        (Place::Params, Some("requestId")) => Field::Cancelled,
        (Place::Params, Some("progressToken")) => Field::Progress,
        (Place::Params, Some("_meta")) => Field::Meta,
        (Place::Meta, Some("progressToken")) => Field::WantedProgress,
        (Place::Meta, Some("io.modelcontextprotocol/subscriptionId")) => Field::Subscription,
        _ => Field::Other,
    }
}

#[cfg(test)]
mod tests;
