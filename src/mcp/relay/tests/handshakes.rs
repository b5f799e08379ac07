//! What a successor is told of the handshake of the life before, and what comes of its answers.

use super::*;

#[test]
fn a_handshake_without_an_answer_is_asked_again_and_a_discover_of_which_it_died_is_not() {
    let mut case = Case::new();
    case.client(DISCOVER);
    case.client(INITIALIZE);
    let answers = case.ended(Next::Now);
    assert!(matches!(&answers[..], [one] if one.contains("-32601") && one.contains("\"id\":\"d\"")), "{answers:?}");
    assert_eq!(case.started(), [format!("s {INITIALIZE}")]);
    let answered = case.server(ANSWER);
    assert_eq!(answered, [format!("c {}", ANSWER.replace("\"tools\":{}", "\"tools\":{\"listChanged\":true}"))]);
}

#[test]
fn levels_and_subscriptions_are_set_again_and_their_answers_are_nobodys() {
    let mut case = Case::legacy();
    let level = r#"{"id":3,"method":"logging/setLevel","params":{"level":"info"}}"#;
    let one = r#"{"id":4,"method":"resources/subscribe","params":{"uri":"a"}}"#;
    let two = r#"{"id":5,"method":"resources/subscribe","params":{"uri":"b"}}"#;
    for (id, request) in [(3, level), (4, one), (5, two)] {
        case.client(request);
        case.server(&format!(r#"{{"id":{id},"result":{{}}}}"#));
    }
    case.client(r#"{"id":6,"method":"resources/unsubscribe","params":{"uri":"a"}}"#);
    case.server(r#"{"id":6,"result":{}}"#);
    case.ended(Next::Now);
    case.started();
    let replayed = case.server(ANSWER);
    assert_eq!(replayed[..3], [format!("s {INITIALIZED}"), format!("s {level}"), format!("s {two}")]);
    assert!(case.server(r#"{"id":3,"result":{}}"#).is_empty());
    assert!(case.server(r#"{"id":5,"result":{}}"#).is_empty());
    assert!(case.server(r#"{"id":5,"result":{}}"#).is_empty(), "an answer to nothing");
}

#[test]
fn in_the_stateless_era_only_subscriptions_go_on() {
    let mut case = Case::modern();
    case.client(CALL);
    let answers = case.ended(Next::Now);
    assert!(matches!(&answers[..], [one] if one.contains("\"id\":1,")), "{answers:?}");
    assert_eq!(case.started(), [format!("s {DISCOVER}")]);
    let replayed = case.server(DISCOVERED);
    assert_eq!(replayed[0], format!("s {LISTEN}"));
    assert!(
        replayed[1].contains("list_changed") && replayed[1].contains(r#""io.modelcontextprotocol/subscriptionId":"l""#)
    );
    assert!(case.server(ACKNOWLEDGED).is_empty());
    assert_eq!(case.server(ACKNOWLEDGED).len(), 1);
    case.client(&CANCEL.replace("\"requestId\":1", "\"requestId\":\"l\""));
    case.ended(Next::Now);
    assert!(case.succeeded(DISCOVERED).is_empty());
}

#[test]
fn a_refused_handshake_fails_the_life_and_differences_are_told() {
    let mut case = Case::legacy();
    case.ended(Next::Now);
    case.started();
    assert!(matches!(&case.server(r#"{"id":0,"error":{"code":-32602}}"#)[..], [one] if one.starts_with("fail ")));
    case.ended(Next::Now);
    case.started();
    let other = ANSWER.replace("2025-11-25", "2025-06-18").replace("\"tools\":{}", "");
    let told = case.server(&other);
    assert!(
        told[0].contains("2025-06-18, its predecessor 2025-11-25") && told[1].contains("no longer has tools"),
        "{told:?}"
    );
}
