//! What is remembered of client and server for a successor, and for how long.

use super::*;

const INFO: &str = r#"{"id":3,"method":"logging/setLevel","params":{"level":"info"}}"#;
const DEBUG: &str = r#"{"id":4,"method":"logging/setLevel","params":{"level":"debug"}}"#;
const FIRST: &str = r#"{"id":3,"result":{}}"#;
const SECOND: &str = r#"{"id":4,"result":{}}"#;
const REFUSED: &str = r#"{"id":4,"error":{"code":-32602,"message":"no"}}"#;
const TAKEN_BACK: &str = r#"{"method":"notifications/cancelled","params":{"requestId":4}}"#;

/// What a successor is told between the handshake and the news for the client.
fn said_again(case: &mut Case) -> Vec<String> {
    case.ended(Next::Now);
    let told = case.succeeded(ANSWER);
    let end = told.iter().position(|told| told.starts_with("c ")).unwrap();
    told[1..end].to_vec()
}

#[test]
fn the_last_level_that_a_server_has_taken_holds_whatever_came_of_later_ones() {
    let (info, debug) = (format!("s {INFO}"), format!("s {DEBUG}"));
    for (answers, expected) in [
        (&[FIRST, SECOND][..], Some(&debug)),
        (&[SECOND, FIRST], Some(&debug)),
        (&[FIRST, REFUSED], Some(&info)),
        (&[FIRST], Some(&info)),
        (&[SECOND], Some(&debug)),
        (&[REFUSED], None),
        (&[], None),
    ] {
        let mut case = Case::legacy();
        case.client(INFO);
        case.client(DEBUG);
        for answer in answers {
            case.server(answer);
        }
        assert_eq!(said_again(&mut case), Vec::from_iter(expected.cloned()), "{answers:?}");
        assert_eq!(said_again(&mut case), Vec::from_iter(expected.cloned()), "{answers:?}");
    }
}

#[test]
fn a_subscription_that_was_taken_back_before_its_answer_is_none() {
    let mut case = Case::legacy();
    let subscribe = r#"{"id":4,"method":"resources/subscribe","params":{"uri":"a"}}"#;
    case.client(subscribe);
    assert!(!case.relay.is_idle());
    case.client(TAKEN_BACK);
    assert!(case.relay.is_idle());
    case.server(SECOND);
    assert!(case.relay.is_idle());
    assert!(said_again(&mut case).is_empty());
    case.client(subscribe);
    case.client(r#"{"id":5,"method":"resources/unsubscribe","params":{"uri":"a"}}"#);
    case.server(SECOND);
    assert!(said_again(&mut case).is_empty());
}

#[test]
fn a_client_that_does_not_wait_for_the_handshake_has_a_successor_that_is_initialized() {
    let all = [format!("s {INITIALIZE}"), format!("s {INITIALIZED}"), format!("s {CALL}")];
    let delivered = |text: &str| (format!("{text}\n").into_bytes(), crate::mcp::framer::message(text.as_bytes()));
    // What of it had reached the first server before that died.
    for count in 0..3 {
        let mut case = Case::new();
        let early = [INITIALIZE, INITIALIZED, CALL];
        early[..2].iter().for_each(|text| drop(case.client(text)));
        let left = early[count.min(2)..2].iter().map(|text| delivered(text)).collect();
        assert!(case.ended_before(left).is_empty());
        case.client(CALL);
        assert_eq!(case.started(), all, "{count}");
    }
    let mut case = Case::new();
    case.client(INITIALIZE);
    case.ended(Next::Now);
    case.client(INITIALIZED);
    case.client(CALL);
    assert_eq!(case.started(), all);
}

#[test]
fn a_request_that_a_server_has_taken_back_keeps_nobody_from_resting() {
    let mut case = Case::legacy();
    case.server(ASK);
    assert!(!case.relay.is_idle());
    assert_eq!(case.server(CANCEL), [format!("c {CANCEL}")]);
    assert!(case.relay.is_idle());
    // It may still be answered.
    assert_eq!(case.client(RESULT), [format!("s {RESULT}")]);
    case.server(ASK);
    case.server(CANCEL);
    assert!(case.ended(Next::Now).is_empty(), "the client knows");
    case.succeeded(ANSWER);
    assert!(case.client(RESULT).is_empty());
}

#[test]
fn requests_that_nobody_waits_for_are_not_remembered_without_end() {
    let mut case = Case::legacy();
    for id in 10..5000 {
        case.client(&CALL.replace("\"id\":1", &format!("\"id\":{id}")));
        case.client(&CANCEL.replace("\"requestId\":1", &format!("\"requestId\":{id}")));
        case.server(&ASK.replace("\"id\":1", &format!("\"id\":{id}")));
        case.server(&CANCEL.replace("\"requestId\":1", &format!("\"requestId\":{id}")));
    }
    assert_eq!((case.relay.open.len(), case.relay.asked.len()), (MOST_GONE, MOST_GONE));
    assert!(case.ended(Next::Now).is_empty());
}

/// Says a message that is too long to be held.
fn long(case: &mut Case, text: &str) {
    let message = crate::mcp::framer::message(text.as_bytes());
    case.relay.client(Piece::Begin(b"{".to_vec(), message.clone()), case.now);
    case.relay.client(Piece::End(b"}\n".to_vec(), message), case.now);
}

#[test]
fn a_handshake_that_is_too_long_to_be_kept_is_named_and_never_said_again_in_part() {
    let refused = "fail its client's first request was too long to be kept and said again";
    for (first, answer) in [(INITIALIZE, ANSWER), (DISCOVER, DISCOVERED)] {
        let mut case = Case::new();
        long(&mut case, first);
        case.server(answer);
        case.ended(Next::Now);
        assert_eq!(case.started(), [refused]);
        assert!(case.client(CALL).is_empty());
    }
    let mut case = Case::new();
    long(&mut case, INITIALIZE);
    let answers = case.ended(Next::Now);
    assert!(matches!(&answers[..], [one] if one.contains(r#""id":0,"error""#)), "{answers:?}");
    assert!(case.started().is_empty());
}

#[test]
fn a_long_message_that_may_be_said_in_short_is_and_of_another_nothing_is_kept() {
    let mut case = Case::new();
    case.client(INITIALIZE);
    case.server(ANSWER);
    long(&mut case, INITIALIZED);
    long(&mut case, INFO);
    case.server(FIRST);
    case.ended(Next::Now);
    assert_eq!(case.succeeded(ANSWER), [format!("s {INITIALIZED}"), format!("c {CHANGED}")]);
    let mut case = Case::new();
    case.client(DISCOVER);
    case.server(DISCOVERED);
    long(&mut case, LISTEN);
    case.server(ACKNOWLEDGED);
    let answers = case.ended(Next::Now);
    assert!(matches!(&answers[..], [one] if one.contains(r#""id":"l","error""#)), "{answers:?}");
}

#[test]
fn a_successor_with_fewer_tools_is_noticed_when_it_lists_them() {
    let mut case = Case::legacy();
    for (tools, expected) in [("{},{}", None), ("{}", Some("note it has 1 tools, its predecessor had 2")), ("{}", None)]
    {
        case.client(r#"{"id":8,"method":"tools/list"}"#);
        let answer = format!(r#"{{"id":8,"result":{{"tools":[{tools}]}}}}"#);
        let told = case.server(&answer);
        assert_eq!(told.iter().find(|told| told.starts_with("note")).map(String::as_str), expected, "{tools}");
        case.ended(Next::Now);
        case.succeeded(ANSWER);
    }
}

#[test]
fn a_call_that_a_server_left_without_having_it_starts_the_next_one_at_once() {
    let call = || vec![(format!("{CALL}\n").into_bytes(), crate::mcp::framer::message(CALL.as_bytes()))];
    let mut case = Case::legacy();
    case.client(CALL);
    assert_eq!(case.ended_with(call(), Next::OnRequest), ["start"]);
    assert_eq!(case.succeeded(ANSWER).last(), Some(&format!("s {CALL}")));
    let mut case = Case::legacy();
    case.client(CALL);
    let refused = case.ended_with(call(), Next::None("it was stopped".into()));
    assert!(matches!(&refused[..], [one] if one.contains("did not get this call: it was stopped")), "{refused:?}");
}
