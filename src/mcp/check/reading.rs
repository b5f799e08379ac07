//! What a server writes on its standard output: messages, and what should be messages.

use serde_json::{Deserializer, Value};

use crate::mcp::message::{Head, Kind, Message};
use crate::mcp::scanner::Scanner;

/// No message is longer, in bytes: what goes on is not kept.
const LONGEST: usize = 256 << 20;
/// How much of JSON over several lines is put together, in bytes.
const LONGEST_BLOCK: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A result or an error, and how long it was in bytes.
    Answer(Value, usize),
    Request {
        id: Value,
        method: String,
    },
    Notification,
    /// A line that is no message.
    Text(String),
    Clue(Clue),
    ByteOrderMark,
}

/// A sign that it answers in a way that no client understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clue {
    ContentLength,
    MultiLine,
    NoNewline,
    NoJsonrpc,
    /// The id that it answered.
    WrongId(String),
    /// The method that came back.
    Echo(String),
}

/// Cuts what comes into lines.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    /// Lines that may be one message together.
    block: Vec<u8>,
    has_begun: bool,
    /// How many messages stand in the line that has not ended.
    unended: usize,
    pub has_said_anything: bool,
}

impl Reader {
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Heard> {
        self.has_said_anything |= !bytes.is_empty();
        let mut heard = Vec::new();
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..end], &mut heard);
            let line = std::mem::take(&mut self.line);
            self.unended = 0;
            self.read_line(&line, &mut heard);
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes, &mut heard);
        let complete = complete_messages(&self.line);
        if complete > self.unended {
            self.unended = complete;
            heard.push(Heard::Clue(Clue::NoNewline));
        }
        heard
    }

    fn keep(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) {
        if self.line.len() < LONGEST {
            self.line.extend(bytes);
        }
        if !self.has_begun && self.line.len() >= BYTE_ORDER_MARK.len() {
            self.has_begun = true;
            if self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
                heard.push(Heard::ByteOrderMark);
            }
        }
    }

    fn read_line(&mut self, line: &[u8], heard: &mut Vec<Heard>) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        let mut scanner = Scanner::default();
        scanner.read(line);
        match (scanner.finish(), serde_json::from_slice::<Value>(line)) {
            (Message::Batch(heads), Ok(Value::Array(all))) if self.block.is_empty() => {
                let length = line.len() / all.len().max(1);
                heard.extend(heads.into_iter().zip(all).map(|(head, it)| tell(head, it, length)));
            }
            (Message::Single(single), Ok(it)) if self.block.is_empty() => {
                heard.push(tell(single, it, line.len()));
            }
            _ => self.read_stray(line, heard),
        }
    }

    fn read_stray(&mut self, line: &[u8], heard: &mut Vec<Heard>) {
        if line.to_ascii_lowercase().starts_with(b"content-length:") {
            heard.push(Heard::Clue(Clue::ContentLength));
            return;
        }
        if self.block.is_empty() && !matches!(line[0], b'{' | b'[') {
            heard.push(text(line));
            return;
        }
        self.block.extend(line);
        self.block.push(b'\n');
        if matches!(line[line.len() - 1], b'}' | b']')
            && let Ok(message) = serde_json::from_slice::<Value>(&self.block)
        {
            let is_message = message.get("jsonrpc").is_some() || message.get("id").is_some();
            heard.push(if is_message { Heard::Clue(Clue::MultiLine) } else { text(&self.block) });
            self.block.clear();
        } else if self.block.len() > LONGEST_BLOCK || !may_go_on(&self.block) {
            heard.push(text(&self.block));
            self.block.clear();
        }
    }
}

/// Whether what stands there is the beginning of JSON.
fn may_go_on(block: &[u8]) -> bool {
    serde_json::from_slice::<Value>(block).is_err_and(|error| error.is_eof())
}

fn text(line: &[u8]) -> Heard {
    let first = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Heard::Text(String::from_utf8_lossy(first).into_owned())
}

/// What an object is.
fn tell(head: Head, message: Value, length: usize) -> Heard {
    match (head.kind(), head.method) {
        (Kind::Request, Some(method)) => Heard::Request { id: message["id"].clone(), method },
        (Kind::Notification, _) => Heard::Notification,
        // An answer to nothing in particular is one, too: its id is wrong.
        _ if head.has_error || head.has_result => Heard::Answer(message, length),
        _ => Heard::Text(message.to_string()),
    }
}

/// How many whole messages stand in a line that has not ended, if there is nothing else in it.
fn complete_messages(line: &[u8]) -> usize {
    if line.last() != Some(&b'}') || line.len() > LONGEST_BLOCK {
        return 0;
    }
    let values: Result<Vec<Value>, _> = Deserializer::from_slice(line).into_iter().collect();
    values.map_or(0, |values| values.len())
}
