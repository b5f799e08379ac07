//! `subscriptions/listen` (specification 2026-07-28) in the lives of a server.

use super::*;

const SILENT: &str = r#"{"jsonrpc":"2.0","id":"d","result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":false}}}}"#;
const UNKNOWN: &str = r#"{"jsonrpc":"2.0","id":"l","error":{"code":-32601,"message":"Method not found"}}"#;
const ENDED: &str = r#"{"jsonrpc":"2.0","id":"l","result":{"resultType":"complete"}}"#;
const UNSUBSCRIBE: &str = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#;
const CHANGED_FOR_IT: &str = r#"c {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}}"#;

/// With a server that says nothing of changes by itself, and a client that wants to hear of them.
fn listening() -> Case {
    let mut case = Case::new();
    case.client(DISCOVER);
    assert!(case.server(SILENT)[0].contains(r#""listChanged":true"#));
    case.client(LISTEN);
    case
}

fn acknowledged(told: &[String]) {
    let [told] = told else { panic!("{told:?}") };
    let message: serde_json::Value = serde_json::from_str(told.strip_prefix("c ").unwrap()).unwrap();
    assert_eq!(message["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
    assert_eq!(message["params"]["notifications"], serde_json::json!({ "toolsListChanged": true }));
}

#[test]
fn what_was_announced_is_acknowledged_though_the_server_would_not() {
    let mut case = listening();
    let partly = ACKNOWLEDGED.replace(r#"{"toolsListChanged":true}"#, "{}");
    acknowledged(&case.server(&partly));
    case.ended(Next::Now);
    assert_eq!(case.succeeded(SILENT), [format!("s {LISTEN}"), CHANGED_FOR_IT.to_owned()]);
    assert!(case.server(&partly).is_empty());
}

#[test]
fn a_server_that_knows_no_subscriptions_is_stood_in_for() {
    let mut case = listening();
    acknowledged(&case.server(UNKNOWN));
    for _ in 0..2 {
        assert!(case.ended(Next::Now).is_empty());
        assert_eq!(case.succeeded(SILENT), [format!("s {LISTEN}"), CHANGED_FOR_IT.to_owned()]);
        assert!(case.server(UNKNOWN).is_empty());
    }
    case.client(UNSUBSCRIBE);
    case.ended(Next::Now);
    assert!(case.succeeded(SILENT).is_empty());
}

/// It has asked another process of the server, as the TypeScript SDK does.
#[test]
fn a_client_that_never_asked_what_the_server_has_hears_of_what_it_wants() {
    for answer in [ACKNOWLEDGED, UNKNOWN] {
        let mut case = Case::new();
        case.client(LISTEN);
        acknowledged(&case.server(answer));
        case.ended(Next::Now);
        assert_eq!(case.started(), [format!("s {LISTEN}"), CHANGED_FOR_IT.to_owned()]);
    }
}

#[test]
fn other_refusals_and_those_of_a_client_that_wants_nothing_of_lists_pass() {
    for (listen, answer) in [
        (LISTEN, &*UNKNOWN.replace("-32601", "-32603")),
        (r#"{"id":"l","method":"subscriptions/listen","params":{"notifications":{}}}"#, UNKNOWN),
        (r#"{"id":"l","method":"subscriptions/listen"}"#, UNKNOWN),
    ] {
        let mut case = Case::new();
        case.client(DISCOVER);
        case.server(SILENT);
        case.client(listen);
        assert_eq!(case.server(answer), [format!("c {answer}")]);
        case.ended(Next::Now);
        assert!(case.succeeded(SILENT).is_empty());
    }
}

/// Some clients end a subscription on which anything comes before the acknowledgement.
#[test]
fn nothing_is_said_of_changes_before_the_acknowledgement() {
    let mut case = listening();
    case.ended(Next::Now);
    assert_eq!(case.succeeded(SILENT), [format!("s {LISTEN}")]);
    acknowledged(&case.server(ACKNOWLEDGED));
    case.ended(Next::Now);
    assert_eq!(case.succeeded(SILENT), [format!("s {LISTEN}"), CHANGED_FOR_IT.to_owned()]);
}

#[test]
fn one_that_goes_on_can_be_ended_by_both_sides() {
    let mut case = Case::modern();
    case.ended(Next::Now);
    case.succeeded(DISCOVERED);
    assert_eq!(case.client(UNSUBSCRIBE), [format!("s {UNSUBSCRIBE}")]);
    let mut case = Case::modern();
    case.ended(Next::Now);
    case.succeeded(DISCOVERED);
    case.server(ACKNOWLEDGED);
    assert_eq!(case.server(ENDED), [format!("c {ENDED}")]);
    case.ended(Next::Now);
    assert!(case.succeeded(DISCOVERED).is_empty());
    let mut case = Case::modern();
    case.ended(Next::OnRequest);
    assert!(case.client(UNSUBSCRIBE).is_empty());
    assert_eq!(case.client(CALL), ["start"]);
    assert_eq!(case.succeeded(DISCOVERED), [format!("s {CALL}")]);
}

/// Such an error only a server of this era gives: it is one, if not of a version that suits the client.
#[test]
fn a_server_that_refuses_a_version_has_told_its_era() {
    let mut case = Case::new();
    case.client(DISCOVER);
    let refusal = r#"{"jsonrpc":"2.0","id":"d","error":{"code":-32022,"message":"Unsupported protocol version"}}"#;
    assert_eq!(case.server(refusal), [format!("c {refusal}")]);
    case.ended(Next::Now);
    assert_eq!(case.started(), [format!("s {DISCOVER}")]);
}

#[test]
fn one_that_was_never_delivered_is_delivered_once() {
    let mut case = listening();
    let (bytes, message) = read(LISTEN);
    case.ended_before(vec![(bytes, message)]);
    assert_eq!(case.succeeded(SILENT), [format!("s {LISTEN}")]);
}

#[test]
fn what_was_meant_for_a_dead_server_is_not_delivered_to_its_successor() {
    let mut case = Case::legacy();
    case.client(CALL);
    case.server(ASK);
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p"}}"#;
    case.client(answer);
    let other = r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#;
    let undelivered = [answer, progress, CANCEL, INITIALIZED, other];
    case.ended_before(undelivered.into_iter().map(read).collect());
    case.started();
    let told = case.server(ANSWER);
    assert_eq!(told, [format!("s {INITIALIZED}"), format!("c {CHANGED}"), format!("s {other}")]);
}

fn read(text: &str) -> (Vec<u8>, Message) {
    match piece(Framer::of_client(), text) {
        Piece::Whole(bytes, message) => (bytes, message),
        other => panic!("{other:?}"),
    }
}
