//! What a successor says before it has answered what it is told first, and after.

use super::*;

const UNKNOWN: &str = r#"{"jsonrpc":"2.0","id":"d","error":{"code":-32601,"message":"Method not found"}}"#;
const REFUSED: &str = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32602,"message":"no"}}"#;
const WITHOUT_HANDSHAKE: &str = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32022,"message":"x"}}"#;
const OTHER_VERSION: &str = r#"{"jsonrpc":"2.0","id":"d","error":{"code":-32022,"message":"x"}}"#;
const POOR: &str = r#"{"jsonrpc":"2.0","id":"d","result":{"supportedVersions":[],"capabilities":{}}}"#;
const SAID: &str = r#"{"jsonrpc":"2.0","method":"notifications/message"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
const NEXT_CALL: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#;
const NEXT_RESULT: &str = r#"{"jsonrpc":"2.0","id":2,"result":{}}"#;

type Begin = fn() -> Case;

/// A successor that has been told the first thing, while a call waits.
fn replaying(mut case: Case) -> Case {
    case.ended(Next::Now);
    case.client(NEXT_CALL);
    case.started();
    case
}

/// One that is spoken to, and has that call.
fn up(case: Case) -> Case {
    let mut case = replaying(case);
    assert_eq!(case.server(ANSWER).last(), Some(&format!("s {NEXT_CALL}")));
    case
}

fn long(text: &str) -> Piece {
    match piece(Framer::of_server(), text) {
        Piece::Whole(bytes, message) => Piece::End(bytes, message),
        other => other,
    }
}

#[test]
fn what_the_first_answer_of_a_successor_does() {
    let unknown = format!("fail it does not speak the protocol of its predecessor, which has no handshake: {UNKNOWN}");
    let refused = format!("fail it refused the handshake of its predecessor: {REFUSED}");
    let without = format!("fail it refused the handshake of its predecessor: {WITHOUT_HANDSHAKE}");
    let (call, listen) = (format!("s {NEXT_CALL}"), format!("s {LISTEN}"));
    let (initialized, changed) = (format!("s {INITIALIZED}"), format!("c {CHANGED}"));
    let for_it = r#"c {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}}"#;
    let (version, lists) = ("note it no longer speaks protocol version 2026-07-28", "note it no longer has tools");
    let table: [(Begin, &str, &[&str]); 8] = [
        (Case::modern, UNKNOWN, &[&unknown]),
        (Case::legacy, REFUSED, &[&refused]),
        (Case::legacy, WITHOUT_HANDSHAKE, &[&without]),
        (Case::modern, DISCOVERED, &[&listen, for_it, &call]),
        (Case::modern, OTHER_VERSION, &[&listen, for_it, &call]),
        (Case::modern, POOR, &[version, lists, &listen, &call]),
        (Case::legacy, ANSWER, &[&initialized, &changed, &call]),
        // An answer to something else.
        (Case::modern, RESULT, &[]),
    ];
    for (begin, answer, expected) in table {
        assert_eq!(replaying(begin()).server(answer), expected, "{answer}");
    }
}

#[test]
fn one_of_no_use_gives_nothing_to_the_client_and_its_calls_go_to_the_next() {
    let mut case = replaying(Case::modern());
    case.server(UNKNOWN);
    assert!(case.server(UNKNOWN).is_empty());
    assert!(case.server(SAID).is_empty());
    assert!(case.ended(Next::Now).is_empty());
    assert_eq!(case.succeeded(DISCOVERED).last(), Some(&format!("s {NEXT_CALL}")));
}

#[test]
fn a_long_first_answer_is_known_by_its_end() {
    for (begin, answer, is_of_use) in [
        (Case::legacy as Begin, ANSWER, true),
        (Case::modern, DISCOVERED, true),
        (Case::legacy, REFUSED, false),
        (Case::modern, UNKNOWN, false),
    ] {
        let mut case = replaying(begin());
        let now = case.now;
        assert!(case.relay.server(Piece::Part(b"{".to_vec()), now).is_empty());
        let done = told(case.relay.server(long(answer), now));
        assert_eq!(done.contains(&format!("s {NEXT_CALL}")), is_of_use, "{done:?}");
        assert!(is_of_use || matches!(&done[..], [one] if one.starts_with("fail ")), "{done:?}");
    }
}

#[test]
fn what_a_successor_says_too_early_is_bounded_and_its_requests_have_an_answer() {
    let mut case = replaying(Case::legacy());
    // Answers to nothing take no room.
    (0..256).for_each(|_| assert!(case.server(RESULT).is_empty()));
    (0..256).for_each(|_| assert!(case.server(SAID).is_empty()));
    assert!(case.server(SAID).is_empty());
    let refused = case.server(PING);
    assert!(
        matches!(&refused[..], [one] if one.starts_with("s ") && one.contains(r#""id":"p","error""#)),
        "{refused:?}"
    );
    let passed = case.server(ANSWER);
    assert!(
        passed
            .contains(&"note it said so much before it answered the first request that 2 messages were dropped".into())
    );
    assert_eq!(passed.iter().filter(|it| **it == format!("c {SAID}")).count(), 256);

    let mut case = replaying(Case::legacy());
    let large = format!(r#"{{"method":"notifications/message","params":"{}"}}"#, "x".repeat(400 << 10));
    (0..4).for_each(|_| assert!(case.server(&large).is_empty()));
    assert_eq!(case.server(ANSWER).iter().filter(|it| it.len() > large.len()).count(), 2);

    let mut case = replaying(Case::legacy());
    let now = case.now;
    case.relay.server(Piece::Part(b"{".to_vec()), now);
    let refused = told(case.relay.server(long(PING), now));
    assert!(matches!(&refused[..], [one] if one.contains(r#""id":"p","error""#)), "{refused:?}");
}

#[test]
fn what_an_array_of_a_successor_does() {
    let whole = format!("[{NEXT_RESULT}, {SAID}]");
    let stale = format!("[{RESULT},{NEXT_RESULT},7]");
    let (result, said) = (format!("c {NEXT_RESULT}"), format!("c {SAID}"));
    for (array, expected) in [
        (whole.as_str(), &[format!("c {whole}")][..]),
        (&stale, std::slice::from_ref(&result)),
        (&format!("[{NEXT_RESULT},{NEXT_RESULT}]"), std::slice::from_ref(&result)),
        (&format!("[{RESULT}]"), &[]),
        ("[]", &["c []".to_owned()]),
    ] {
        assert_eq!(up(Case::legacy()).server(array), expected, "{array}");
    }
    let mut case = replaying(Case::legacy());
    assert!(case.server(&format!("[{SAID},{RESULT}]")).is_empty());
    assert!(case.server(ANSWER).contains(&said));
}

#[test]
fn an_array_asks_nothing_with_an_id_that_a_dead_server_has_used() {
    let mut case = Case::legacy();
    case.server(ASK);
    let mut case = up(case);
    let told = case.server(&format!("[{ASK}]"));
    assert!(
        matches!(&told[..], [one] if one.contains(r#""id":"mcp-hook:1","method":"sampling/createMessage""#)),
        "{told:?}"
    );
}

#[test]
fn an_array_that_is_not_utf_8_passes_if_nothing_in_it_is_stale() {
    for (id, is_passed) in [(2, true), (1, false)] {
        let mut case = up(Case::legacy());
        let line = [format!(r#"[{{"id":{id},"result":""#).as_bytes(), b"\xff\"}]\n"].concat();
        let message = crate::mcp::framer::message(&line);
        let actions = case.relay.server(Piece::Whole(line, message), case.now);
        assert_eq!(actions.iter().any(|action| matches!(action, Action::ToClient(_))), is_passed, "{id}");
    }
}

#[test]
fn what_a_server_says_twice_by_one_id_is_its_own_affair_but_for_answers() {
    let twice = |case: &mut Case, text: &str| [case.server(text), case.server(text)].concat();
    for mut case in [Case::legacy(), Case::exact()] {
        assert_eq!(twice(&mut case, ASK), [format!("c {ASK}"), format!("c {ASK}")]);
        assert_eq!([case.client(RESULT), case.client(RESULT)].concat(), [format!("s {RESULT}"), format!("s {RESULT}")]);
        assert_eq!(twice(&mut case, ANSWER).len(), if case.relay.is_exact { 2 } else { 0 });
    }
    let mut case = Case::exact();
    case.ended(Next::Now);
    case.succeeded(ANSWER);
    assert!(case.server(RESULT).is_empty(), "this life was not asked");
    let call = CALL.replace("\"id\":1", "\"id\":7");
    case.client(&call);
    assert_eq!(twice(&mut case, &RESULT.replace("\"id\":1", "\"id\":7")).len(), 2);
}
