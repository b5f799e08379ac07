//! State × message → actions, as a table, and whole lives.

mod batches;
mod chaos;
mod handshakes;
mod idle;
mod kept;
mod random;
mod subscriptions;
mod successors;

use super::*;
use crate::mcp::framer::{Framer, Piece};
use crate::mcp::message::Message;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const ANSWER: &str =
    r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}}"#;
const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#;
const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
const CANCEL: &str = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
const ASK: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"_meta":{"progressToken":"p"}}}"#;
const LISTEN: &str = r#"{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true}}}"#;
const ACKNOWLEDGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}}"#;
const DISCOVER: &str = r#"{"jsonrpc":"2.0","id":"d","method":"server/discover"}"#;
const DISCOVERED: &str = r#"{"jsonrpc":"2.0","id":"d","result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}}}}"#;

struct Case {
    relay: Relay,
    now: Instant,
}

fn piece(mut framer: Framer, text: &str) -> Piece {
    let mut found = None;
    framer.push(format!("{text}\n").as_bytes(), &mut |piece| found = Some(piece));
    found.unwrap()
}

/// What is done, in short: `c …` for the client, `s …` for the server.
fn told(actions: Vec<Action>) -> Vec<String> {
    let line = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    let tell = |action| match action {
        Action::ToClient(bytes) => Some(format!("c {}", line(bytes))),
        Action::ToServer(bytes) | Action::ToThisServer(bytes) => Some(format!("s {}", line(bytes))),
        Action::Stray(bytes) => Some(format!("stray {}", line(bytes))),
        Action::Start => Some("start".into()),
        Action::Fail(why) => Some(format!("fail {why}")),
        Action::Differs(text) => Some(format!("note {text}")),
        Action::Done(_) => None,
    };
    actions.into_iter().filter_map(tell).collect()
}

impl Case {
    fn new() -> Self {
        Self { relay: Relay::new("web".into(), false), now: crate::context::now() }
    }

    fn client(&mut self, text: &str) -> Vec<String> {
        told(self.relay.client(piece(Framer::of_client(), text), self.now))
    }

    fn server(&mut self, text: &str) -> Vec<String> {
        told(self.relay.server(piece(Framer::of_server(), text), self.now))
    }

    fn ended(&mut self, next: Next) -> Vec<String> {
        self.ended_with(Vec::new(), next)
    }

    fn ended_before(&mut self, undelivered: Vec<(Vec<u8>, Message)>) -> Vec<String> {
        self.ended_with(undelivered, Next::Now)
    }

    fn ended_with(&mut self, undelivered: Vec<(Vec<u8>, Message)>, next: Next) -> Vec<String> {
        let death =
            Death { exit: Some(Exit::Code(1)), why: "exited with status 1".into(), stderr: vec!["boom".into()] };
        told(self.relay.ended(&death, undelivered, next, self.now))
    }

    fn started(&mut self) -> Vec<String> {
        told(self.relay.started(self.now))
    }

    /// The same for a successor that answers what it is told first as its predecessor did: what comes of that.
    fn succeeded(&mut self, answer: &str) -> Vec<String> {
        let first = self.started();
        assert!(matches!(&first[..], [one] if one.starts_with("s ")), "{first:?}");
        self.server(answer)
    }

    /// After a handshake.
    fn legacy() -> Self {
        let mut case = Self::new();
        case.client(INITIALIZE);
        case.server(ANSWER);
        case.client(INITIALIZED);
        case
    }

    /// The same with `--exact`.
    fn exact() -> Self {
        let mut case = Self { relay: Relay::new("web".into(), true), ..Self::new() };
        case.client(INITIALIZE);
        case.server(ANSWER);
        case.client(INITIALIZED);
        case
    }

    /// With an answered `server/discover` and an acknowledged subscription.
    fn modern() -> Self {
        let mut case = Self::new();
        case.client(DISCOVER);
        case.server(DISCOVERED);
        case.client(LISTEN);
        case.server(ACKNOWLEDGED);
        case
    }
}

#[test]
fn while_the_server_lives_everything_passes() {
    let mut case = Case::legacy();
    for text in [CALL, CANCEL, r#"[{"id":5,"method":"a"}]"#, "no json", "{}", r#"{"id":77,"result":1}"#] {
        assert_eq!(case.client(text), [format!("s {text}")]);
    }
    for text in
        [RESULT, ASK, r#"{"id":99,"result":{}}"#, r#"{"method":"notifications/message"}"#, r#"[{"id":5,"result":1}]"#]
    {
        assert_eq!(case.server(text), [format!("c {text}")]);
    }
    assert_eq!(case.server("[INFO] up"), ["stray [INFO] up"]);
}

#[test]
fn a_call_in_flight_gets_an_error_and_the_next_one_a_new_server() {
    let mut case = Case::legacy();
    case.client(CALL);
    let answers = case.ended(Next::Now);
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    let error: serde_json::Value = serde_json::from_str(&answer[2..]).unwrap();
    assert_eq!((&error["id"], &error["error"]["code"]), (&1.into(), &(-32603).into()));
    assert_eq!(error["error"]["data"]["exit"], serde_json::json!({ "code": 1 }));
    assert_eq!(error["error"]["data"]["stderr"], serde_json::json!(["boom"]));
    assert_eq!(error["error"]["data"]["restarting"], true);
    let next = CALL.replace("\"id\":1", "\"id\":2");
    assert!(case.client(&next).is_empty());
    assert_eq!(case.started(), [format!("s {INITIALIZE}")]);
    assert!(case.server(r#"{"method":"notifications/message"}"#).is_empty());
    assert_eq!(
        case.server(ANSWER),
        [
            format!("s {INITIALIZED}"),
            r#"c {"method":"notifications/message"}"#.into(),
            format!("c {CHANGED}"),
            format!("s {next}"),
        ]
    );
}

#[test]
fn an_answer_that_a_dead_server_did_not_get_hides_no_call_with_the_same_id() {
    let mut case = Case::legacy();
    case.client(CALL);
    case.server(ASK);
    case.client(RESULT);
    let undelivered = vec![(format!("{RESULT}\n").into_bytes(), crate::mcp::framer::message(RESULT.as_bytes()))];
    let answers = case.ended_before(undelivered);
    assert!(matches!(&answers[..], [one] if one.contains("\"error\"") && one.contains("\"id\":1,")), "{answers:?}");
}

type State = fn() -> Case;

#[test]
fn what_a_message_does_in_each_state() {
    let error = r#"c {"jsonrpc":"2.0","id":1,"error":{"code":-32603,"data":{"restarting":false,"server":"web","source":"mcp-hook"},"message":"The MCP server \"web\" did not get this call: it was stopped."}}"#;
    let table: [(&str, State, &str, &[&str]); 13] = [
        ("resting", resting, CALL, &["start"]),
        ("resting", resting, r#"{"method":"notifications/roots/list_changed"}"#, &[]),
        ("resting", resting, RESULT, &[]),
        ("starting", starting, CALL, &[]),
        ("starting", starting, CANCEL, &[]),
        ("starting", starting, RESULT, &[]),
        ("replaying", replaying, CALL, &[]),
        ("replaying", replaying, INITIALIZED, &[]),
        ("out", out, CALL, &[error]),
        ("out", out, CANCEL, &[]),
        ("out", out, RESULT, &[]),
        ("out", out, INITIALIZED, &[]),
        ("out", out, r#"{"method":"notifications/roots/list_changed"}"#, &[]),
    ];
    for (name, state, message, expected) in table {
        assert_eq!(state().client(message), expected, "{name}: {message}");
    }
}

fn resting() -> Case {
    let mut case = Case::legacy();
    case.ended(Next::OnRequest);
    case
}

fn starting() -> Case {
    let mut case = Case::legacy();
    case.ended(Next::Now);
    case
}

fn replaying() -> Case {
    let mut case = starting();
    case.started();
    case
}

fn out() -> Case {
    let mut case = Case::legacy();
    case.ended(Next::None("it was stopped".into()));
    case
}

#[test]
fn a_call_that_was_cancelled_gets_no_answer() {
    let mut case = Case::legacy();
    case.client(CALL);
    case.client(CANCEL);
    assert!(case.ended(Next::Now).is_empty());
    assert!(case.client(CANCEL).is_empty());
    case.client(CALL);
    case.client(CANCEL);
    case.started();
    assert!(!case.server(ANSWER).iter().any(|action| action.contains("tools/call")));
}

#[test]
fn a_call_that_reaches_the_successor_with_its_cancellation_gets_no_answer_either() {
    let mut case = Case::legacy();
    case.client(CALL);
    case.client(CANCEL);
    let message = |text: &str| (format!("{text}\n").into_bytes(), crate::mcp::framer::message(text.as_bytes()));
    assert!(case.ended_before(vec![message(CALL), message(CANCEL)]).is_empty());
    case.started();
    let told = case.server(ANSWER);
    assert!(told.ends_with(&[format!("s {CALL}"), format!("s {CANCEL}")]), "{told:?}");
    assert!(case.ended(Next::Now).is_empty());
}

#[test]
fn requests_of_a_dead_server_are_cancelled_and_never_mixed_with_those_of_the_next() {
    let mut case = Case::legacy();
    case.server(ASK);
    let cancelled = case.ended(Next::Now);
    assert!(
        matches!(&cancelled[..], [one] if one.contains("notifications/cancelled") && one.contains("\"requestId\":1,")),
        "{cancelled:?}"
    );
    case.started();
    case.server(ANSWER);
    let shown = case.server(ASK);
    assert!(shown[0].contains(r#""id":"mcp-hook:1","method":"sampling/createMessage""#), "{shown:?}");
    assert!(case.client(RESULT).is_empty(), "an answer to the dead one");
    let answer = RESULT.replace("\"id\":1", "\"id\":\"mcp-hook:1\"");
    assert_eq!(case.client(&answer), [format!("s {RESULT}")]);
}

#[test]
fn long_messages_pass_and_their_ends_are_remembered() {
    let mut case = Case::legacy();
    let now = case.now;
    let end = |text: &str| match piece(Framer::of_client(), text) {
        Piece::Whole(bytes, message) => Piece::End(bytes, message),
        other => other,
    };
    assert_eq!(
        case.relay.client(Piece::Begin(b"{".to_vec(), Message::Stray), now),
        [Action::ToThisServer(b"{".to_vec())]
    );
    case.ended(Next::Now);
    let refused = told(case.relay.client(end(CALL), now));
    assert!(matches!(&refused[..], [one] if one.contains("\"error\"") && one.contains("\"id\":1,")), "{refused:?}");
    case.started();
    case.server(ANSWER);
    case.relay.server(Piece::Part(b"{\"half".to_vec()), now);
    assert_eq!(case.ended(Next::Now), ["c "], "a newline ends what had begun");
}

#[test]
fn what_waits_is_bounded() {
    let mut case = Case::legacy();
    case.ended(Next::Now);
    let refused = (0..300).filter(|id| !case.client(&format!(r#"{{"id":{id},"method":"x"}}"#)).is_empty()).count();
    assert_eq!(refused, 300 - 256);
}
