use super::*;

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"x"}}"#;
const SUBSCRIBED: &str = r#"{"jsonrpc":"2.0","id":2,"result":{}}"#;
const UNSUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":3,"method":"resources/unsubscribe","params":{"uri":"x"}}"#;
const UNSUBSCRIBED: &str = r#"{"jsonrpc":"2.0","id":3,"result":{}}"#;
const TAKEN_BACK: &str = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}"#;
const SAMPLED: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

#[test]
fn nothing_goes_on_when_no_call_and_no_subscription_is_open() {
    let mut case = Case::new();
    for (is_of_client, message, is_idle) in [
        (true, INITIALIZE, false),
        (false, ANSWER, true),
        (true, INITIALIZED, true),
        (true, CALL, false),
        (false, RESULT, true),
        (false, ASK, false),
        (true, SAMPLED, true),
        (true, SUBSCRIBE, false),
        (false, SUBSCRIBED, false),
        (true, UNSUBSCRIBE, false),
        (false, UNSUBSCRIBED, true),
        (true, LISTEN, false),
        (false, ACKNOWLEDGED, false),
        (true, TAKEN_BACK, true),
        (true, CALL, false),
        // Nobody waits for its answer any more.
        (true, CANCEL, true),
    ] {
        let _ = if is_of_client { case.client(message) } else { case.server(message) };
        assert_eq!(case.relay.is_idle(), is_idle, "{message}");
    }
}

#[test]
fn something_goes_on_in_the_midst_of_a_long_message_and_between_two_lives() {
    let mut case = Case::legacy();
    let now = case.now;
    let message = crate::mcp::framer::message(SAMPLED.as_bytes());
    case.relay.client(Piece::Begin(b"{".to_vec(), message.clone()), now);
    assert!(!case.relay.is_idle());
    case.relay.client(Piece::End(b"}\n".to_vec(), message), now);
    assert!(case.relay.is_idle());
    case.relay.server(Piece::Begin(b"{".to_vec(), Message::Stray), now);
    assert!(!case.relay.is_idle());
    case.ended(Next::Now);
    assert!(!case.relay.is_idle());
    case.started();
    assert!(!case.relay.is_idle());
    case.server(ANSWER);
    assert!(case.relay.is_idle());
}

#[test]
fn a_subscription_that_the_server_died_of_keeps_its_successor_from_nothing() {
    let mut case = Case::legacy();
    case.client(SUBSCRIBE);
    case.ended(Next::Now);
    case.succeeded(ANSWER);
    assert!(case.relay.is_idle());
}
