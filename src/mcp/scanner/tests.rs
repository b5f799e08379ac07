//! The scanner against `serde_json`: on messages, on mutated ones, and in pieces of any length.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::fields::LONGEST_VALUE;
use super::*;
use crate::mcp::message::{Head, Kind, Raw};

fn scan(bytes: &[u8]) -> Message {
    let mut scanner = Scanner::default();
    scanner.read(bytes);
    scanner.finish()
}

/// The same of one that turns out to be long after so many bytes.
fn skim(bytes: &[u8], after: usize, size: usize) -> Message {
    let (begin, rest) = bytes.split_at(after.min(bytes.len()));
    let mut scanner = Scanner::default();
    scanner.read(begin);
    scanner.skim();
    rest.chunks(size).for_each(|piece| scanner.read(piece));
    scanner.finish()
}

fn head(text: &str) -> Head {
    match scan(text.as_bytes()) {
        Message::Single(head) => head,
        other => panic!("{text}: {other:?}"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with fields that may be missing")]
fn raw(text: &str) -> Option<Raw> {
    Some(Raw::new(text.as_bytes().to_vec()))
}

/// The same by building the whole message.
fn expected(value: &Value) -> Head {
    let field = |value: Option<&Value>| {
        value
            .filter(|value| !value.is_array() && !value.is_object())
            .map(|value| Raw::new(value.to_string().into_bytes()))
    };
    let params = &value["params"];
    Head {
        id: field(value.get("id")),
        method: value["method"].as_str().map(ToOwned::to_owned),
        has_result: value.get("result").is_some(),
        has_error: value.get("error").is_some(),
        cancelled: field(params.get("requestId")),
        progress: field(params.get("progressToken")),
        wanted_progress: field(params["_meta"].get("progressToken")),
        subscription: field(params["_meta"].get("io.modelcontextprotocol/subscriptionId")),
    }
}

fn is_json(bytes: &[u8]) -> bool {
    let begin = bytes.iter().find(|byte| !b" \t\r\n".contains(byte));
    matches!(begin, Some(b'{' | b'[')) && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[test]
fn the_fields_that_matter_are_read_wherever_they_stand() {
    let call =
        head(r#"{"jsonrpc":"2.0","params":{"_meta":{"progressToken":"p"},"name":"x"},"method":"tools/call","id":7}"#);
    assert_eq!((call.id, call.wanted_progress), (raw("7"), raw("\"p\"")));
    assert_eq!(call.method.as_deref(), Some("tools/call"));
    let cancel = head(r#"{"method":"notifications/cancelled","params":{"requestId":"a","reason":"b"}}"#);
    assert_eq!((cancel.cancelled.clone(), cancel.kind()), (raw("\"a\""), Kind::Notification));
    let progress = head(r#"{"method":"notifications/progress","params":{"progressToken":3}}"#);
    assert_eq!(progress.progress, raw("3"));
    let listened = head(r#"{"method":"x","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"listen:0"}}}"#);
    assert_eq!(listened.subscription, raw("\"listen:0\""));
}

#[test]
fn what_only_looks_like_a_field_is_none() {
    for text in [
        r#"{"result":{"id":1,"method":"x","params":{"requestId":2}}}"#,
        r#"{"params":[{"requestId":1,"_meta":{"progressToken":2}}]}"#,
        r#"{"params":{"arguments":{"requestId":1,"_meta":{"progressToken":2}},"_meta":[{"progressToken":2}]}}"#,
        r#"{"x":"\"id\":1","id2":3,"Method":"x"}"#,
    ] {
        let head = head(text);
        let all = (head.id, head.method, head.cancelled, head.progress, head.wanted_progress);
        assert_eq!(all, (None, None, None, None, None), "{text}");
    }
}

#[test]
fn a_member_that_stands_twice_counts_as_the_last() {
    assert_eq!(head(r#"{"id":1,"id":"two"}"#).id, raw("\"two\""));
    assert_eq!(head(r#"{"id":1,"id":{}}"#).id, None);
    assert_eq!(head(r#"{"params":{"requestId":1},"params":{}}"#).cancelled, None);
    assert_eq!(head(r#"{"params":{"requestId":1},"params":3}"#).cancelled, None);
    assert_eq!(head(r#"{"params":{"_meta":{"progressToken":1},"_meta":null}}"#).wanted_progress, None);
}

#[test]
fn ids_keep_their_bytes_and_keys_may_be_escaped() {
    for id in ["1", "-0.50", "1e400", "\"\\u0061\"", "null", "true", "18446744073709551616"] {
        assert_eq!(head(&format!("{{ \"\\u0069d\" : {id} }}")).id.unwrap().bytes, id.as_bytes(), "{id}");
    }
    for (one, other, is_same) in
        [("\"\\u0061\"", "\"a\"", true), ("1", "1.0", true), ("1", "\"1\"", false), ("0.5", "0", false)]
    {
        assert_eq!(raw(one) == raw(other), is_same, "{one} {other}");
    }
    let long = "x".repeat(LONGEST_VALUE);
    assert_eq!(head(&format!(r#"{{"id":"{long}","method":"m"}}"#)).id, None);
    assert_eq!(head(&format!(r#"{{"{long}":1,"id":2}}"#)).id, raw("2"));
}

#[test]
fn kinds_are_told_by_their_fields() {
    for (text, kind) in [
        (r#"{"id":1,"method":"ping"}"#, Kind::Request),
        (r#"{"method":"ping"}"#, Kind::Notification),
        (r#"{"id":null,"method":"ping"}"#, Kind::Notification),
        (r#"{"id":1,"result":{}}"#, Kind::Response),
        (r#"{"id":1,"error":{}}"#, Kind::Response),
        (r#"{"id":null,"error":{}}"#, Kind::Unknown),
        ("{}", Kind::Unknown),
    ] {
        assert_eq!(head(text).kind(), kind, "{text}");
    }
}

#[test]
fn batches_tell_of_each_object_and_everything_else_is_stray() {
    let batch = scan(br#"[{"id":1,"method":"a"},3,[{"id":9}],{"id":2,"result":{}}]"#);
    let Message::Batch(heads) = batch else { panic!("{batch:?}") };
    assert_eq!(heads.iter().map(|head| head.id.clone()).collect::<Vec<_>>(), [raw("1"), raw("2")]);
    assert_eq!(scan(b"[]"), Message::Batch(Vec::new()));
    for text in [
        "",
        " ",
        "[INFO] up",
        "{broken",
        "7",
        "\"x\"",
        "null",
        "{}{}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "[1,]",
        "{\"a\" 1}",
        "{\"a\":\"\n\"}",
    ] {
        assert_eq!(scan(text.as_bytes()), Message::Stray, "{text}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_pass_and_depth_has_an_end() {
    assert!(matches!(scan(b"{\"id\":1,\"x\":\"\xff\xfe\"}"), Message::Single(head) if head.id == raw("1")));
    let deep = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
    assert!(matches!(scan(&deep(DEEPEST)), Message::Batch(_)));
    assert_eq!(scan(&deep(DEEPEST + 1)), Message::Stray);
}

#[test]
fn memory_does_not_grow_with_a_message() {
    let mut scanner = Scanner::default();
    scanner.read(br#"{"id":1,"result":{"text":""#);
    for _ in 0..1024 {
        scanner.read(&[b'x'; 4096]);
    }
    assert!(scanner.open.capacity() + scanner.fields.capacity() < 1024);
    scanner.read(br#""}}"#);
    assert!(matches!(scanner.finish(), Message::Single(head) if head.has_result));
}

#[test]
fn deep_in_a_long_message_memory_does_not_grow_with_its_depth() {
    let mut scanner = Scanner::default();
    scanner.read(br#"{"id":1,"result":"#);
    scanner.skim();
    for bracket in [b'[', b']'] {
        for _ in 0..1024 {
            scanner.read(&[bracket; 4096]);
        }
        assert!(scanner.open.capacity() + scanner.fields.capacity() < 1024);
    }
    scanner.read(b"}");
    assert!(matches!(scanner.finish(), Message::Single(head) if head.has_result));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[\\PC\"\\\\\n]{0,8}".prop_map(Value::from),
        "[\\[\\]{}\"\\\\]{0,70}".prop_map(Value::from),
        "x{0,200}\\PC".prop_map(Value::from),
    ];
    let key = prop_oneof![
        prop::sample::select(vec!["id", "method", "result", "error", "params", "_meta", "requestId", "progressToken"])
            .prop_map(ToOwned::to_owned),
        Just("io.modelcontextprotocol/subscriptionId".to_owned()),
        "\\PC{0,3}",
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_message_is_read_as_serde_json_reads_it(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let found = scan(text.as_bytes());
        match &value {
            Value::Object(_) => prop_assert_eq!(found, Message::Single(expected(&value))),
            Value::Array(items) => {
                let heads = items.iter().filter(|item| item.is_object()).map(expected).collect();
                prop_assert_eq!(found, Message::Batch(heads));
            }
            _ => prop_assert_eq!(found, Message::Stray),
        }
    }

    /// An id may stand before the long member or behind it: the keys of a map have any order.
    #[test]
    fn of_a_long_message_the_same_is_found(
        value in any_value(), pretty in any::<bool>(), after in 0..400usize, size in 1..200usize,
    ) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(skim(text.as_bytes(), after, size), scan(text.as_bytes()), "{}", text);
    }

    #[test]
    fn a_mutated_message_is_json_for_both_or_for_none(
        value in any_value(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..4),
        after in 0..400usize,
    ) {
        let mut bytes = serde_json::to_vec(&value).unwrap();
        for (at, byte, how) in changes {
            let byte = if byte.is_multiple_of(2) { b"{}[]\",:\\0-9.eE+tfn u"[usize::from(byte / 2) % 20] } else { byte };
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        let found = scan(&bytes);
        prop_assert_eq!(found != Message::Stray, is_json(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
        if found != Message::Stray {
            prop_assert_eq!(skim(&bytes, after, 64), found, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn pieces_make_no_difference(value in any_value(), size in 1..9usize) {
        let bytes = serde_json::to_vec(&value).unwrap();
        let mut scanner = Scanner::default();
        bytes.chunks(size).for_each(|piece| scanner.read(piece));
        prop_assert_eq!(scanner.finish(), scan(&bytes));
    }
}
