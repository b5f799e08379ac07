//! Reads one message while its bytes pass by: whether it is JSON (RFC 8259), and the few fields of a [`Head`].
//!
//! Memory is bounded whatever the length of the message. Bytes inside of strings are not looked at: a message that is
//! not UTF-8 is none of our business.
//!
//! [`Head`]: super::message::Head

mod fields;
mod skim;
mod token;

use self::fields::Fields;
pub use self::fields::LARGEST_BATCH;
use self::skim::Skim;
use self::token::{Escape, Number, Text, Word};
use super::message::Message;
use super::search;

/// How deep arrays and objects may stand in each other; what is deeper is taken for no message.
const DEEPEST: usize = 1 << 16;

/// One message, read up to some byte.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    /// For every open array or object, whether it is an object.
    open: Vec<bool>,
    fields: Fields,
    is_batch: bool,
    is_skimming: bool,
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
    /// Inside arrays and objects in which nothing is read.
    Unread(Skim),
    /// No JSON.
    Broken,
}

impl Scanner {
    /// From now on only the brackets and strings are looked at where no field can stand: much is still to come.
    pub fn skim(&mut self) {
        self.is_skimming = true;
    }

    /// Reads on. The bytes are of one message, without the newline that ends it.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while let Some(&next) = bytes.first() {
            let read = match self.state {
                State::Broken => return,
                State::Unread(skim) => self.pass_over(skim, bytes),
                _ if self.is_skimming && self.is_unread() => {
                    self.begin_skim();
                    0
                }
                State::Text { of, escape: Escape::None } => self.read_text(of, bytes),
                _ => {
                    self.step(next);
                    1
                }
            };
            bytes = &bytes[read..];
        }
    }

    /// What is known of the message by now.
    pub fn so_far(&self) -> Message {
        self.fields.so_far(self.is_batch)
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
        self.fields.into_message(self.is_batch)
    }

    /// How many arrays and objects are open that fields are read of.
    fn read_depth(&self) -> usize {
        self.fields.depth() + usize::from(self.is_batch)
    }

    /// Whether no field can stand in the innermost open array or object.
    fn is_unread(&self) -> bool {
        self.open.len() > self.read_depth()
    }

    fn begin_skim(&mut self) {
        let depth = self.open.len() - self.read_depth();
        self.open.truncate(self.read_depth());
        self.fields.end_member();
        self.state = State::Unread(match self.state {
            State::Text { escape, .. } => Skim::in_text(depth, escape == Escape::Begun),
            _ => Skim::new(depth),
        });
    }

    /// How much of the bytes nothing is read of.
    fn pass_over(&mut self, mut skim: Skim, bytes: &[u8]) -> usize {
        let end = skim.read(bytes);
        self.state = if end.is_some() { State::After } else { State::Unread(skim) };
        end.unwrap_or(bytes.len())
    }

    fn read_text(&mut self, of: Text, bytes: &[u8]) -> usize {
        let plain = search::plain_text(bytes);
        if plain == 0 {
            self.step(bytes[0]);
            return 1;
        }
        self.fields.keep(of, &bytes[..plain]);
        plain
    }

    fn step(&mut self, byte: u8) {
        match self.state {
            State::Text { of, escape } => self.step_in_text(of, escape, byte),
            State::Number(number) => match number.next(byte) {
                Some(next) => {
                    self.fields.keep(Text::Value, &[byte]);
                    self.state = State::Number(next);
                }
                None if number.may_end() => {
                    self.end_value();
                    self.step(byte);
                }
                None => self.state = State::Broken,
            },
            State::Word(word, seen) => {
                self.fields.keep(Text::Value, &[byte]);
                let text = word.text();
                match text.get(usize::from(seen)) {
                    Some(&expected) if expected != byte => self.state = State::Broken,
                    _ if usize::from(seen) + 1 == text.len() => self.end_value(),
                    _ => self.state = State::Word(word, seen + 1),
                }
            }
            State::Broken | State::Unread(_) => {}
            _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
            State::FirstKey if byte == b'}' => self.close(true),
            State::FirstElement if byte == b']' => self.close(false),
            State::FirstKey | State::Key if byte == b'"' => {
                self.fields.begin_key();
                self.state = State::Text { of: Text::Key, escape: Escape::None };
            }
            State::Colon if byte == b':' => {
                self.fields.begin_member(!self.is_unread());
                self.state = State::Value;
            }
            State::After => self.step_after(byte),
            State::Value | State::FirstElement => self.begin_value(byte),
            State::FirstKey | State::Key | State::Colon => self.state = State::Broken,
        }
    }

    fn step_in_text(&mut self, of: Text, escape: Escape, byte: u8) {
        if (escape, byte) == (Escape::None, b'"') {
            self.fields.keep(of, b"\"");
            match of {
                Text::Key => self.state = State::Colon,
                Text::Value => self.end_value(),
            }
            return;
        }
        self.fields.keep(of, &[byte]);
        self.state = escape.next(byte).map_or(State::Broken, |escape| State::Text { of, escape });
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

    fn begin_value(&mut self, byte: u8) {
        if self.open.is_empty() && !matches!(byte, b'{' | b'[') {
            self.state = State::Broken;
            return;
        }
        self.fields.begin_value(byte);
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
        let is_message = self.open.is_empty() || (self.is_batch && self.open.len() == 1);
        self.is_batch |= self.open.is_empty() && !is_object;
        self.open.push(is_object);
        self.fields.open(is_object, is_message);
        self.state = if is_object { State::FirstKey } else { State::FirstElement };
    }

    fn close(&mut self, is_object: bool) {
        if is_object && !self.is_unread() {
            self.fields.close();
        }
        self.open.pop();
        self.fields.end_member();
        self.state = State::After;
    }

    fn end_value(&mut self) {
        self.fields.end_value();
        self.state = State::After;
    }
}

#[cfg(test)]
mod tests;
