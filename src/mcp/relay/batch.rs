//! Arrays of messages (protocol 2025-03-26), and what is in them.

use serde_json::value::RawValue;

use crate::mcp::framer;
use crate::mcp::message::{Head, Message};

/// The elements, each as a line of its own; none if the array is not UTF-8. What is no object is no message.
pub fn split(array: &[u8]) -> Option<Vec<(Vec<u8>, Message)>> {
    let elements: Vec<&RawValue> = serde_json::from_slice(array).ok()?;
    let line = |element: &&RawValue| {
        let line = format!("{}\n", element.get()).into_bytes();
        let message = match framer::message(&line) {
            Message::Single(head) => Message::Single(head),
            Message::Batch(_) | Message::Stray => Message::Stray,
        };
        (line, message)
    };
    Some(elements.iter().map(line).collect())
}

/// A message with all the objects in it: a scanner remembers the first of a long array only.
pub fn whole(bytes: &[u8], message: Message) -> Message {
    let Message::Batch(heads) = message else { return message };
    let elements = split(bytes).map(|elements| elements.into_iter().flat_map(|(_, message)| message.into_heads()));
    Message::Batch(elements.map_or(heads, Iterator::collect))
}

/// What is left of a message without some objects: all of it if they are not in it, else the rest of an array one by one.
pub fn without(bytes: Vec<u8>, message: Message, is_out: impl Fn(&Head) -> bool) -> Vec<(Vec<u8>, Message)> {
    let is_left = |message: &Message| !message.heads().iter().any(&is_out);
    match message {
        Message::Batch(_) if !is_left(&message) => match split(&bytes) {
            Some(elements) => elements.into_iter().filter(|(_, message)| is_left(message)).collect(),
            // Nothing can be taken out of what is not UTF-8.
            None => vec![(bytes, message)],
        },
        message => Vec::from_iter(is_left(&message).then_some((bytes, message))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_has_more_objects_than_a_scanner_remembers() {
        let array = format!("[{}]\n", vec![r#"{"id":1,"method":"ping"}"#; 20_000].join(","));
        let message = framer::message(array.as_bytes());
        assert!(message.heads().len() < 20_000);
        assert_eq!(whole(array.as_bytes(), message).heads().len(), 20_000);
        let broken = b"[{\"id\":1,\"method\":\"\xff\"}]\n";
        assert_eq!(whole(broken, framer::message(broken)).heads().len(), 1);
    }
}
