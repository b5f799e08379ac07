//! Dialogues as tables: what a server says, and which finding that is.

use std::time::{Duration, Instant};

use serde_json::json;

use super::conversation::Conversation;
use super::doing::Seen;
use super::finding::{Code, Finding};
use super::verdict::{Opening, Verdict};
use super::words::Exited;
use crate::context;

const LIMIT: Duration = Duration::from_secs(30);
const UNKNOWN: &str = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#;
const GREETING: &str = r#"{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}"#;
const TOOL: &str = r#"{"name":"t","inputSchema":{"type":"object"}}"#;

/// A conversation in which the server says these lines, one after the other, as they stand.
fn talk(opening: Opening, said: &[&str]) -> (Conversation, Instant) {
    let now = context::now();
    let mut conversation = Conversation::begin(opening, LIMIT, now);
    for text in said {
        conversation.hear(text.as_bytes(), now);
    }
    (conversation, now)
}

/// Lets time pass until the conversation is over.
fn wait_out(conversation: &mut Conversation, mut now: Instant) -> Duration {
    let began = now;
    while conversation.verdict().is_none() {
        now = conversation.wakes_at();
        conversation.pass_time(&Seen::default(), now);
    }
    now - began
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

fn line(text: &str) -> String {
    format!("{text}\n")
}

fn tools(list: &str) -> String {
    line(&format!(r#"{{"jsonrpc":"2.0","id":3,"result":{{"tools":{list}}}}}"#))
}

/// What is found of a server that says this after a good handshake.
fn after_handshake(said: &str) -> (Option<Verdict>, Vec<Code>) {
    let (mut conversation, now) = talk(Opening::Discover, &[&line(UNKNOWN), &line(GREETING), said]);
    wait_out(&mut conversation, now);
    let verdict = conversation.verdict();
    (verdict, codes(&conversation.into_findings().1))
}

#[test]
fn both_eras_are_told_by_the_answers_and_a_late_one_counts() {
    let modern = r#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"2"}}}}"#;
    let (mut conversation, _) = talk(Opening::Discover, &[&line(modern)]);
    assert_eq!(conversation.verdict(), Some(Verdict::Answers));
    let sent = String::from_utf8(conversation.take_outgoing()).expect("text");
    assert!(sent.contains("server/discover") && !sent.contains("initialize"), "{sent}");

    let (mut conversation, now) = talk(Opening::Discover, &[]);
    conversation.pass_time(&Seen::default(), conversation.wakes_at());
    let sent = String::from_utf8(conversation.take_outgoing()).expect("text");
    assert!(sent.contains("\"initialize\""), "{sent}");
    conversation.hear(line(modern).as_bytes(), now);
    let introduction = conversation.learned.introduction.clone().expect("an introduction");
    assert_eq!((introduction.protocol.as_str(), introduction.version.as_deref()), ("2026-07-28", Some("2")));

    let (conversation, _) = talk(Opening::Discover, &[&line(UNKNOWN), &line(GREETING)]);
    assert_eq!(conversation.learned.introduction.expect("one").protocol, "2025-06-18");
}

#[test]
fn what_a_server_lists_is_counted_page_by_page() {
    let greeting = GREETING.replace(r#""tools":{}"#, r#""tools":{},"prompts":{},"resources":{}"#);
    let page = format!(r#"{{"jsonrpc":"2.0","id":3,"result":{{"tools":[{TOOL}],"nextCursor":"a"}}}}"#);
    let (mut conversation, _) = talk(Opening::Discover, &[&line(UNKNOWN), &line(&greeting), &line(&page)]);
    let sent = String::from_utf8(conversation.take_outgoing()).expect("text");
    assert!(sent.contains(r#""cursor":"a""#), "{sent}");
    let rest = [
        json!({"jsonrpc": "2.0", "id": 4, "result": {"tools": [{"name": "u", "inputSchema": {"type": "object"}}]}}),
        json!({"jsonrpc": "2.0", "id": 5, "result": {"prompts": [{"name": "p"}]}}),
        json!({"jsonrpc": "2.0", "id": 6, "error": {"code": -32601, "message": "no"}}),
    ];
    let now = context::now();
    for message in &rest {
        conversation.hear(line(&message.to_string()).as_bytes(), now);
    }
    assert_eq!(conversation.verdict(), Some(Verdict::Answers));
    let (learned, findings) = conversation.into_findings();
    let counts = learned.counts.expect("they were counted");
    assert_eq!((counts.tools, counts.prompts, counts.resources), (2, 1, 0));
    assert_eq!(codes(&findings), [Code::ListError]);
}

#[test]
fn an_answer_that_no_client_understands_is_named_by_its_fault_and_soon() {
    for (said, code) in [
        ("Content-Length: 9\r\n\r\n{\"id\":1}", Code::ContentLength),
        ("{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\n  \"result\": {}\n}\n", Code::MultiLineJson),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Code::NoNewline),
        ("{\"id\":1,\"result\":{}}\n", Code::NoJsonrpc),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n", Code::WrongId),
        ("{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n", Code::WrongId),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}\n", Code::Echo),
    ] {
        let (mut conversation, now) = talk(Opening::Discover, &[said]);
        assert_eq!(conversation.verdict(), None, "one clue may be about server/discover alone: {said}");
        conversation.hear(said.replace(":1", ":2").as_bytes(), now);
        let waited = wait_out(&mut conversation, now);
        assert!(waited < Duration::from_secs(5), "{said}: {waited:?}");
        assert_eq!(codes(&conversation.into_findings().1), [code], "{said}");
    }
}

#[test]
fn a_good_answer_counts_more_than_a_clue_before_it() {
    let null = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid request\"}}\n";
    let (mut conversation, now) = talk(Opening::Discover, &[null, &line(GREETING), &tools(&format!("[{TOOL}]"))]);
    assert_eq!(wait_out(&mut conversation, now), Duration::ZERO);
    assert_eq!(conversation.verdict(), Some(Verdict::Answers));
    assert_eq!(codes(&conversation.into_findings().1), []);
}

#[test]
fn a_handshake_that_fails_has_its_code() {
    for (said, code) in [
        (
            r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"database unreachable"}}"#.to_owned(),
            Code::ErrorAnswer,
        ),
        (GREETING.replace("2025-06-18", "1999-01-01"), Code::Version),
        (GREETING.replace("serverInfo", "info"), Code::InvalidAnswer),
        (GREETING.replace("protocolVersion", "version"), Code::InvalidAnswer),
        (GREETING.replace(r#"{"tools":{}}"#, "7"), Code::InvalidAnswer),
        (r#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2030-01-01"]}}"#.to_owned(), Code::Version),
    ] {
        let (conversation, _) = talk(Opening::Discover, &[&line(UNKNOWN), &line(&said)]);
        assert_eq!(conversation.verdict(), Some(Verdict::Fails), "{said}");
        assert_eq!(codes(&conversation.into_findings().1), [code], "{said}");
    }
    let (mut conversation, now) = talk(Opening::Discover, &[]);
    assert_eq!(wait_out(&mut conversation, now), LIMIT);
    assert_eq!(codes(&conversation.into_findings().1), [Code::NoAnswer]);
}

#[test]
fn lists_are_examined() {
    let schema = r#"{"name":"t"}"#;
    let cursor = r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[],"nextCursor":"a"}}"#;
    let endless = line(cursor) + &line(&cursor.replace(":3", ":4"));
    let large =
        format!(r#"[{{"name":"t","description":"{}","inputSchema":{{"type":"object"}}}}]"#, "x".repeat(2 << 20));
    let error = r#"{"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"no"}}"#;
    for (said, verdict, expected) in [
        (tools(&format!("[{TOOL}]")), Verdict::Answers, &[][..]),
        (tools("[]"), Verdict::Answers, &[Code::NoTools]),
        (tools(&format!("[{schema}]")), Verdict::Fails, &[Code::InvalidTool]),
        (tools(&format!("[{TOOL},{TOOL}]")), Verdict::Answers, &[Code::DuplicateTool]),
        (tools(&large), Verdict::Answers, &[Code::LargeList]),
        (line(error), Verdict::Fails, &[Code::ListError]),
        (endless, Verdict::Fails, &[Code::EndlessList]),
        (String::new(), Verdict::Fails, &[Code::ListNoAnswer]),
        (line("[INFO] up") + &tools(&format!("[{TOOL}]")), Verdict::Answers, &[Code::StdoutText]),
    ] {
        let shown: String = said.chars().take(200).collect();
        assert_eq!(after_handshake(&said), (Some(verdict), expected.to_vec()), "{shown}");
    }
}

#[test]
fn one_that_ends_on_the_first_question_is_asked_anew_without_it() {
    let exited = Exited { exit: "exit status 1", last_words: &[] };
    let (mut conversation, _) = talk(Opening::Discover, &[]);
    conversation.end(&exited);
    assert_eq!(conversation.verdict(), Some(Verdict::Again));
    // One that is slow to come up hears the second question, too, before it ends on the first.
    let (mut conversation, _) = talk(Opening::Discover, &[]);
    conversation.pass_time(&Seen::default(), conversation.wakes_at());
    conversation.end(&exited);
    assert_eq!(conversation.verdict(), Some(Verdict::Again));
    let (mut conversation, _) = talk(Opening::Discover, &[&line(UNKNOWN)]);
    conversation.end(&exited);
    assert_eq!(codes(&conversation.into_findings().1), [Code::Exited]);
    let (mut conversation, _) = talk(Opening::Initialize, &[]);
    conversation.end(&exited);
    assert_eq!(codes(&conversation.into_findings().1), [Code::Exited]);
    let (mut conversation, _) = talk(Opening::Discover, &[&line(UNKNOWN), &line(GREETING)]);
    conversation.end(&exited);
    assert_eq!(codes(&conversation.into_findings().1), [Code::ListExited]);
}

#[test]
fn what_a_server_asks_is_answered_and_nothing_is_left_open() {
    let asked = r#"{"jsonrpc":"2.0","id":"x","method":"roots/list"}"#;
    let (mut conversation, _) = talk(Opening::Discover, &[&line(asked), &line(&asked.replace("roots/list", "ping"))]);
    let sent = String::from_utf8(conversation.take_outgoing()).expect("text");
    assert!(sent.contains(r#""id":"x""#) && sent.contains("-32601") && sent.contains(r#""result":{}"#), "{sent}");
}

#[test]
fn no_two_codes_have_one_name() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn the_documentation_tells_of_every_code() {
    let page = include_str!("../../../docs/check.md");
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.name()).filter(|name| !page.contains(&format!("| `{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn one_that_refuses_the_version_that_it_names_is_not_told_to_speak_it() {
    let refusal = |id, supported: &str| json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32022, "message": "no", "data": {"supported": [supported]}}});
    for (supported, code, words) in [
        ("2026-07-28", Code::ErrorAnswer, "it refused the handshake: -32022: no"),
        ("2099-01-01", Code::Version, "it speaks 2099-01-01: clients know "),
    ] {
        let said = [1, 2].map(|id| line(&refusal(id, supported).to_string()));
        let (conversation, _) = talk(Opening::Discover, &[&said[0], &said[1]]);
        assert_eq!(conversation.verdict(), Some(Verdict::Fails), "{supported}");
        let findings = conversation.into_findings().1;
        assert_eq!(codes(&findings), [code], "{supported}");
        assert!(findings[0].message.starts_with(words), "{findings:?}");
    }
}

#[test]
fn whoever_looks_late_waits_longer_and_so_does_who_is_told_that_the_server_could_not_run() {
    let second = Duration::from_secs(1);
    let (mut conversation, now) = talk(Opening::Initialize, &[]);
    conversation.pass_time(&Seen::default(), now + LIMIT + 5 * second);
    assert_eq!(conversation.verdict(), None, "five seconds late");
    assert_eq!(conversation.wakes_at(), now + LIMIT + 10 * second);
    conversation.put_off(second);
    let waited = wait_out(&mut conversation, now);
    assert_eq!(waited, LIMIT + 11 * second);
    assert_eq!(codes(&conversation.into_findings().1), [Code::NoAnswer]);
}
