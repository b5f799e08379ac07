//! Any bytes in pieces of any length: each passes once and in order, what is read of a message is what `serde_json` finds in
//! it, and the same is read of one that is passed over quickly from some byte on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

mod mcp;
mod sys;

use mcp::framer::{Framer, Piece};
use mcp::message::{Head, Message};
use mcp::scanner::Scanner;

fuzz_target!(|input: (u16, u16, &[u8])| {
    let (length, after, bytes) = input;
    let mut passed = Vec::new();
    let mut framer = Framer::of_client();
    for chunk in bytes.chunks(usize::from(length) + 1) {
        framer.push(chunk, &mut |piece| match piece {
            Piece::Whole(line, message) => {
                compare(&line, &message);
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                // What stands in arrays and objects that nothing is read of is not judged there.
                if message != Message::Stray {
                    assert_eq!(skim(text, usize::from(after), usize::from(length) + 1), message);
                }
                passed.extend(line);
            }
            Piece::Begin(part, _) | Piece::Part(part) | Piece::End(part, _) => passed.extend(part),
        });
    }
    passed.extend(framer.rest());
    assert_eq!(passed, bytes);
});

/// What is found if the message turns out to be long after some bytes.
fn skim(text: &[u8], after: usize, length: usize) -> Message {
    let (begin, rest) = text.split_at(after.min(text.len()));
    let mut scanner = Scanner::default();
    scanner.read(begin);
    let known = scanner.so_far();
    scanner.skim();
    rest.chunks(length).for_each(|chunk| scanner.read(chunk));
    let found = scanner.finish();
    assert!(known.heads().len() <= found.heads().len());
    found
}

/// What is no message to us is no JSON to `serde_json`, unless it is a value that is no message.
fn compare(line: &[u8], message: &Message) {
    match (serde_json::from_slice::<Value>(line), message) {
        (Ok(Value::Object(_)), Message::Single(head)) => compare_head(line, head),
        (Ok(Value::Array(values)), Message::Batch(heads)) => {
            assert!(heads.len() <= values.len(), "{heads:?}");
        }
        (Ok(Value::Object(_) | Value::Array(_)), other) => panic!("{other:?}"),
        (Ok(_), other) => assert_eq!(*other, Message::Stray),
        // serde_json also refuses what is valid to us: numbers out of range, deep nesting, text that is not UTF-8.
        (Err(_), _) => {}
    }
}

fn compare_head(line: &[u8], head: &Head) {
    // Where a key stands twice, the last one counts for serde_json.
    let Ok(value) = serde_json::from_slice::<Value>(line) else { return };
    let text = String::from_utf8_lossy(line);
    if ["\"id\"", "\"method\"", "\\u"].iter().any(|key| text.matches(key).count() > 1) || text.contains("\\u") {
        return;
    }
    assert_eq!(head.method.as_deref(), value["method"].as_str(), "{text}");
    let id = value.get("id").filter(|id| !id.is_array() && !id.is_object());
    assert_eq!(head.id.is_some(), id.is_some(), "{text}");
    assert_eq!(head.has_result, value.get("result").is_some(), "{text}");
    assert_eq!(head.has_error, value.get("error").is_some(), "{text}");
}
