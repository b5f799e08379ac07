//! Arrays of messages (protocol 2025-03-26) of a client, and messages that are too long to be held, in the lives of a server.

use super::*;

const NEXT_CALL: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#;
const OTHER: &str = r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#;
const PROGRESS: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p"}}"#;

/// A successor that is spoken to, of a server that had asked something.
fn up(mut case: Case) -> Case {
    case.server(ASK);
    case.ended(Next::Now);
    case.succeeded(ANSWER);
    case
}

fn array(parts: &[&str]) -> String {
    format!("[{}]", parts.join(","))
}

fn undelivered(text: &str) -> Vec<(Vec<u8>, Message)> {
    vec![(format!("{text}\n").into_bytes(), crate::mcp::framer::message(text.as_bytes()))]
}

#[test]
fn of_an_array_only_what_is_for_this_server_reaches_it() {
    let (call, other) = (format!("s {NEXT_CALL}"), format!("s {OTHER}"));
    let good = array(&[NEXT_CALL, OTHER, "7"]);
    for (parts, expected) in [
        (&[NEXT_CALL, RESULT, OTHER][..], &[call.clone(), other.clone()][..]),
        (&[NEXT_CALL, CANCEL], std::slice::from_ref(&call)),
        (&[PROGRESS, OTHER], std::slice::from_ref(&other)),
        (&[RESULT], &[]),
        (&[NEXT_CALL, OTHER, "7"], &[format!("s {good}")]),
    ] {
        let text = array(parts);
        assert_eq!(up(Case::legacy()).client(&text), expected, "{text}");
    }
}

#[test]
fn an_array_answers_and_takes_back_what_the_server_that_lives_has_asked() {
    let mut case = Case::legacy();
    case.server(ASK);
    let text = array(&[RESULT, NEXT_CALL]);
    assert_eq!(case.client(&text), [format!("s {text}")]);
    let answers = case.ended(Next::Now);
    assert!(matches!(&answers[..], [one] if one.contains(r#""id":2,"error""#)), "{answers:?}");

    let mut case = up(Case::legacy());
    case.server(ASK);
    let answer = RESULT.replace("\"id\":1", "\"id\":\"mcp-hook:1\"");
    assert_eq!(case.client(&array(&[&answer, OTHER])), [format!("s {RESULT}"), format!("s {OTHER}")]);
}

#[test]
fn an_array_that_waits_is_delivered_as_it_is_but_for_what_is_stale_or_taken_back() {
    let (whole, stale) = (array(&[CALL, NEXT_CALL]), array(&[RESULT, INITIALIZED, NEXT_CALL]));
    let call = format!("s {NEXT_CALL}");
    for (text, cancel, expected) in
        [(&whole, None, &format!("s {whole}")), (&whole, Some(CANCEL), &call), (&stale, None, &call)]
    {
        let mut case = starting();
        assert!(case.client(text).is_empty());
        assert!(cancel.is_none_or(|cancel| case.client(cancel).is_empty()));
        let told = case.succeeded(ANSWER);
        assert_eq!(told[2..], [expected.as_str()], "{text} {cancel:?}");
    }
    assert_eq!(resting().client(&whole), ["start"]);
    assert_eq!(out().client(&whole).len(), 2);
}

#[test]
fn of_an_array_that_a_dead_server_did_not_get_the_next_one_gets_what_is_not_stale() {
    for (text, expected) in [(array(&[NEXT_CALL, RESULT]), NEXT_CALL), (array(&[NEXT_CALL, OTHER]), "")] {
        let mut case = Case::legacy();
        case.client(&text);
        assert!(case.ended_before(undelivered(&text)).is_empty());
        let expected = if expected.is_empty() { &text } else { expected };
        assert_eq!(case.succeeded(ANSWER)[2..], [format!("s {expected}")]);
    }
}

#[test]
fn a_call_beside_a_setting_is_not_repeated_with_it() {
    let mut case = Case::legacy();
    let level = r#"{"id":3,"method":"logging/setLevel","params":{"level":"info"}}"#;
    let uri = r#"{"id":4,"method":"resources/subscribe","params":{"uri":"a"}}"#;
    case.client(&array(&[level, CALL, uri]));
    case.server(&array(&[r#"{"id":3,"result":{}}"#, RESULT, r#"{"id":4,"result":{}}"#]));
    assert!(case.ended(Next::Now).is_empty());
    let told = case.succeeded(ANSWER);
    assert_eq!(told[1..3], [format!("s {level}"), format!("s {uri}")]);
    assert!(!told.iter().any(|told| told.contains("tools/call")), "{told:?}");
}

#[test]
fn each_of_thousands_of_calls_in_an_array_has_one_answer() {
    let calls: Vec<String> = (0..3000).map(|id| format!(r#"{{"id":{id},"method":"ping"}}"#)).collect();
    let calls = format!("[{}]", calls.join(","));
    let answers: Vec<String> = (0..2990).map(|id| format!(r#"{{"id":{id},"result":{{}}}}"#)).collect();
    let answers = format!("[{}]", answers.join(","));
    for mut case in [Case::legacy(), up(Case::legacy())] {
        case.client(&calls);
        assert_eq!(case.server(&answers), [format!("c {answers}")]);
        assert_eq!(case.ended(Next::Now).len(), 10);
    }
    let mut case = starting();
    case.client(&calls);
    case.succeeded(ANSWER);
    assert_eq!(case.ended(Next::None("it was stopped".into())).len(), 3000);
    assert_eq!(case.client(&calls).len(), 3000);
    let mut case = Case::legacy();
    case.client(&calls);
    assert!(case.ended_before(undelivered(&calls)).is_empty(), "they are not lost");
}

/// What the client says in pieces, as a framer hands it on: so much is known at first.
fn long(case: &mut Case, known: &str, text: &str) -> Vec<String> {
    let begin = crate::mcp::framer::message(known.as_bytes());
    let mut actions = case.relay.client(Piece::Begin(b"{..".to_vec(), begin), case.now);
    let end = crate::mcp::framer::message(text.as_bytes());
    actions.extend(case.relay.client(Piece::End(b"..}\n".to_vec(), end), case.now));
    told(actions)
}

#[test]
fn a_long_answer_reaches_the_server_that_asked_and_no_other() {
    let passed = ["s {..", "s ..}"];
    let mut case = Case::legacy();
    case.server(ASK);
    assert_eq!(long(&mut case, "{}", RESULT), passed);
    assert!(case.relay.is_idle());
    assert!(case.ended(Next::Now).is_empty());

    let mut case = up(Case::legacy());
    assert!(long(&mut case, RESULT, RESULT).is_empty(), "an answer to the dead one");
    assert_eq!(long(&mut case, "{}", CALL), passed, "nothing of a dead one's is open any more");

    let mut case = up(Case::legacy());
    case.server(ASK);
    let shown = RESULT.replace("\"id\":1", "\"id\":\"mcp-hook:1\"");
    let told = long(&mut case, &shown, &shown);
    assert!(matches!(&told[..], [one] if one.starts_with(r#"s {"jsonrpc":"2.0","id":1,"error""#)), "{told:?}");

    let mut case = up(Case::legacy());
    let other = ASK.replace("\"id\":1", "\"id\":9");
    case.server(&other);
    let answer = RESULT.replace("\"id\":1", "\"id\":9");
    assert_eq!(long(&mut case, &answer, &answer), passed);
}

#[test]
fn answers_pass_to_a_long_array_with_more_requests_than_are_remembered() {
    let calls: Vec<String> = (0..20_000).map(|id| format!(r#"{{"id":{id},"method":"ping"}}"#)).collect();
    let mut case = up(Case::legacy());
    assert_eq!(long(&mut case, NEXT_CALL, &format!("[{}]", calls.join(","))), ["s {..", "s ..}"]);
    for id in [0, 16_000, 19_999] {
        let answer = format!(r#"{{"id":{id},"result":{{}}}}"#);
        assert_eq!(case.server(&answer), [format!("c {answer}")]);
    }
    case.ended(Next::Now);
    case.succeeded(ANSWER);
    assert!(case.server(r#"{"id":19999,"result":{}}"#).is_empty(), "the next life was not asked");
}

#[test]
fn while_something_of_a_dead_server_is_open_a_long_message_passes_if_it_is_known_to_be_no_answer() {
    assert_eq!(long(&mut up(Case::legacy()), NEXT_CALL, NEXT_CALL), ["s {..", "s ..}"]);
    let refused = long(&mut up(Case::legacy()), "{}", NEXT_CALL);
    assert!(
        matches!(&refused[..], [one] if one.starts_with("c ") && one.contains("too long to be kept")),
        "{refused:?}"
    );
}

#[test]
fn a_long_request_of_a_server_is_answered_though_a_dead_one_used_its_id() {
    let mut case = up(Case::legacy());
    let now = case.now;
    case.relay.server(Piece::Begin(b"{..".to_vec(), Message::Stray), now);
    case.relay.server(Piece::End(b"..}\n".to_vec(), crate::mcp::framer::message(ASK.as_bytes())), now);
    assert_eq!(case.client(RESULT), [format!("s {RESULT}")]);
}
