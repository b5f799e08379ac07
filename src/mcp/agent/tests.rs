//! What is answered to what, in both eras.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::call::{self, CallReport, Tool, ToolCall};
use super::dialogue::{Action, Dialogue};
use super::version;

/// Says a message and returns what is said at once; calls and cancellations as `["do", number, tool]` and `["cancel", number]`.
fn say(dialogue: &mut Dialogue, message: &Value) -> Vec<Value> {
    dialogue.hear(message.to_string().as_bytes()).into_iter().map(shown).collect()
}

fn shown(action: Action) -> Value {
    match action {
        Action::Say(line) => read(&line),
        Action::Do(number, call) => json!(["do", number, call.tool.name()]),
        Action::Cancel(number) => json!(["cancel", number]),
    }
}

fn read(line: &[u8]) -> Value {
    assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1), "one line");
    serde_json::from_slice(line).expect("JSON")
}

fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

fn call(id: impl Into<Value>, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", &json!({ "name": tool, "arguments": arguments }))
}

fn shake_hands(version: &str) -> (Dialogue, Value) {
    let mut dialogue = Dialogue::new();
    let said =
        say(&mut dialogue, &request(0, "initialize", &json!({ "protocolVersion": version, "capabilities": {} })));
    assert!(say(&mut dialogue, &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).is_empty());
    (dialogue, said[0]["result"].clone())
}

/// The `_meta` of a request without a handshake.
fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "c", "version": "1" },
    })
}

fn done() -> CallReport {
    CallReport::Done { text: "t".to_owned(), data: json!({ "a": 1 }) }
}

#[test]
fn a_handshake_agrees_on_the_version_that_was_asked_for_or_on_the_newest_with_a_handshake() {
    for (wanted, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let (_, result) = shake_hands(wanted);
        assert_eq!(result["protocolVersion"], agreed);
        assert_eq!(result["serverInfo"]["name"], "mcp-hook");
        assert!(result.get("resultType").is_none() && result["capabilities"]["tools"].is_object());
    }
}

#[test]
fn without_a_handshake_each_request_says_its_version() {
    let mut dialogue = Dialogue::new();
    let found = say(&mut dialogue, &request("d", "server/discover", &json!({ "_meta": meta("2026-07-28") })));
    let result = &found[0]["result"];
    assert_eq!(result["supportedVersions"], json!(version::KNOWN));
    assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("private")));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "mcp-hook");
    let list = say(&mut dialogue, &request(1, "tools/list", &json!({ "_meta": meta("2026-07-28") })));
    assert_eq!(list[0]["result"]["tools"].as_array().map(Vec::len), Some(6));
    assert!(list[0]["result"]["ttlMs"].is_u64());
    let asked = request(2, "tools/call", &json!({ "name": "server_status", "_meta": meta("2026-07-28") }));
    assert_eq!(say(&mut dialogue, &asked), [json!(["do", 1, "server_status"])]);
    let answer = read(&dialogue.report(1, done()).expect("an answer"));
    assert_eq!(answer["result"]["resultType"], "complete");
    assert!(answer["result"].get("ttlMs").is_none());

    let code = |dialogue: &mut Dialogue, message: &Value| say(dialogue, message)[0]["error"].clone();
    let error = code(&mut dialogue, &request(3, "tools/list", &json!({ "_meta": meta("2999-01-01") })));
    assert_eq!(error["code"], -32022);
    assert_eq!(error["data"], json!({ "supported": version::KNOWN, "requested": "2999-01-01" }));
    let bare = json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } });
    assert_eq!(code(&mut dialogue, &request(4, "tools/list", &bare))["code"], -32602);
    let ping = request(5, "ping", &json!({ "_meta": meta("2026-07-28") }));
    assert_eq!(code(&mut dialogue, &ping)["code"], -32601);
}

#[test]
fn each_request_is_answered_in_its_own_era() {
    let (mut dialogue, _) = shake_hands("2025-06-18");
    let stateless = json!({ "_meta": meta("2026-07-28") });
    for (params, is_stateless) in [(json!({}), false), (stateless, true), (json!({}), false)] {
        let listed = say(&mut dialogue, &request(1, "tools/list", &params));
        assert_eq!(listed[0]["result"].get("resultType").is_some(), is_stateless, "{params}");
    }
}

#[test]
fn what_is_no_request_of_ours_is_refused_with_its_reason() {
    let (mut dialogue, _) = shake_hands("2025-11-25");
    let mut said = String::new();
    for line in [
        "{",
        "1",
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":"x","method":"resources/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"server_explode"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"server_stop","arguments":[]}}"#,
    ] {
        for action in dialogue.hear(line.as_bytes()) {
            let answer = shown(action);
            let error = &answer["error"];
            let _ = writeln!(said, "{} {}: {}", answer["id"], error["code"], error["message"]);
        }
    }
    insta::assert_snapshot!(said);
    for line in
        ["", " \r\n", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","method":"notifications/x"}"#]
    {
        assert!(dialogue.hear(line.as_bytes()).is_empty(), "{line}");
    }
    for params in [json!({}), Value::Null] {
        assert_eq!(
            say(&mut dialogue, &request("p", "ping", &params))[0],
            json!({ "jsonrpc": "2.0", "id": "p", "result": {} })
        );
    }
}

#[test]
fn the_argument_that_is_wrong_is_named_to_the_model() {
    let (mut dialogue, _) = shake_hands("2025-06-18");
    let mut said = String::new();
    for (tool, arguments) in [
        ("server_status", json!({ "nam": "web" })),
        ("server_status", json!({ "name": 1 })),
        ("server_stop", json!({})),
        ("server_stop", json!({ "name": null })),
        ("server_logs", json!({ "name": "web", "lines": 0 })),
        ("server_logs", json!({ "name": "web", "lines": 1.5 })),
        ("server_logs", json!({ "name": "web", "lines": "x".repeat(100) })),
        ("server_logs", json!({ "name": "web", "lines": 1001 })),
        ("server_logs", json!({ "name": "web", "errors": "yes" })),
        ("server_check", json!({ "name": "web", "lines": 5 })),
    ] {
        let answer = &say(&mut dialogue, &call(7, tool, &arguments))[0];
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str().expect("a text");
        let _ = writeln!(said, "{tool}: {text}");
    }
    insta::assert_snapshot!(said);
    for (id, task, lines) in [("a", 1, json!(1000)), ("b", 2, json!(1000.0))] {
        let logs = json!({ "name": "web", "lines": lines, "errors": true });
        let actions = dialogue.hear(call(id, "server_logs", &logs).to_string().as_bytes());
        let (tool, name) = (Tool::Logs, Some("web".to_owned()));
        assert_eq!(actions, [Action::Do(task, ToolCall { tool, name, lines: Some(1000), errors: true })]);
    }
}

#[test]
fn calls_are_answered_as_they_end_and_others_meanwhile() {
    let (mut dialogue, _) = shake_hands("2025-06-18");
    let named = json!({ "name": "web" });
    let with_token = request(
        1,
        "tools/call",
        &json!({ "name": "server_check", "arguments": named, "_meta": { "progressToken": 0 } }),
    );
    assert_eq!(say(&mut dialogue, &with_token), [json!(["do", 1, "server_check"])]);
    assert_eq!(say(&mut dialogue, &call("b", "server_start", &named)), [json!(["do", 2, "server_start"])]);
    assert!(say(&mut dialogue, &request(3, "ping", &json!({})))[0]["result"].is_object());
    assert_eq!(say(&mut dialogue, &call(1, "server_status", &json!({})))[0]["error"]["code"], -32600, "1 is in use");
    let step = |text: &str| CallReport::Progress(text.to_owned());
    let told: Vec<Value> = ["x", "y"].iter().map(|text| read(&dialogue.report(1, step(text)).expect("told"))).collect();
    assert_eq!(told[1]["params"], json!({ "progressToken": 0, "progress": 2, "message": "y" }));
    assert_eq!(dialogue.report(2, step("nobody asked for it")), None);
    let answer = read(&dialogue.report(2, done()).expect("an answer"));
    let result =
        json!({ "content": [{ "type": "text", "text": "t" }], "structuredContent": { "a": 1 }, "isError": false });
    assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": "b", "result": result }));
    let answer = read(&dialogue.report(1, CallReport::Failed("why".to_owned())).expect("an answer"));
    assert_eq!(answer["result"], json!({ "content": [{ "type": "text", "text": "why" }], "isError": true }));
    assert!(!dialogue.is_waiting());
    assert_eq!(dialogue.report(1, done()), None, "it was answered");
}

#[test]
fn a_call_that_was_cancelled_gets_no_answer() {
    let (mut dialogue, _) = shake_hands("2025-11-25");
    let cancel =
        |id: Value| json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
    say(&mut dialogue, &call("1", "server_status", &json!({})));
    assert!(say(&mut dialogue, &cancel(json!(1))).is_empty(), "another id");
    assert_eq!(say(&mut dialogue, &cancel(json!("1"))), [json!(["cancel", 1])]);
    assert_eq!(dialogue.report(1, done()), None);
    assert!(say(&mut dialogue, &cancel(json!("1"))).is_empty());
}

#[test]
fn a_batch_is_answered_at_once_when_all_of_it_is() {
    let (mut dialogue, _) = shake_hands("2025-03-26");
    let named = json!({ "name": "web" });
    let batch = json!([
        request(1, "ping", &json!({})),
        call(2, "server_start", &named),
        { "jsonrpc": "2.0", "method": "notifications/x" },
        call(3, "server_stop", &named),
        request(4, "initialize", &json!({})),
        1,
    ]);
    let asked = say(&mut dialogue, &batch);
    assert_eq!(asked, [json!(["do", 2, "server_start"]), json!(["do", 3, "server_stop"])]);
    assert_eq!(dialogue.report(3, done()), None);
    let answers = read(&dialogue.report(2, done()).expect("all"));
    let ids: Vec<Value> = answers.as_array().expect("a batch").iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!(4), Value::Null, json!(3), json!(2)]);
    assert_eq!(answers[1]["error"]["code"], -32601, "no handshake in a batch");

    say(&mut dialogue, &json!([call(5, "server_start", &named), call(6, "server_start", &named)]));
    let cancel = json!([{ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 5 } }]);
    assert_eq!(say(&mut dialogue, &cancel), [json!(["cancel", 5])]);
    assert_eq!(read(&dialogue.report(6, done()).expect("the other")).as_array().map(Vec::len), Some(1));
}

#[test]
fn every_tool_says_what_it_takes_and_gives() {
    for listed in call::listed().as_array().expect("a list") {
        let name = listed["name"].as_str().expect("a name");
        let tool = Tool::named(name).unwrap_or_else(|| panic!("{name} is not known"));
        let (input, output) = (&listed["inputSchema"], &listed["outputSchema"]);
        assert_eq!((&input["type"], &output["type"]), (&json!("object"), &json!("object")));
        for argument in input["properties"].as_object().expect("arguments").keys() {
            let given = json!({ argument.as_str(): [] });
            let error = ToolCall::of(tool, given.as_object().expect("arguments")).expect_err("no argument is a list");
            assert!(error.contains("has to be") || error.contains("is missing"), "{error}");
        }
        let hints = listed["annotations"].as_object().expect("annotations");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(hints[hint].is_boolean(), "{name}: {hint}");
        }
        assert_eq!(hints["destructiveHint"], name == "server_stop");
        assert_eq!(hints["readOnlyHint"], ["server_status", "server_logs"].contains(&name));
    }
}

proptest! {
    #[test]
    fn whatever_is_said_each_request_gets_one_answer_and_nothing_else(
        lines in prop::collection::vec("[{}\\[\\]\":,a-z0-9 ]{0,40}|\\{\"jsonrpc\":\"2.0\",\"id\":[0-9],\"method\":\"(ping|tools/list|x)\"\\}", 0..20),
    ) {
        let mut dialogue = Dialogue::new();
        for line in lines {
            let answers = dialogue.hear(line.as_bytes());
            prop_assert!(answers.len() <= 1);
            if line.contains("\"jsonrpc\":\"2.0\"") && line.starts_with('{') && serde_json::from_str::<Value>(&line).is_ok() {
                prop_assert_eq!(answers.len(), 1, "{}", line);
            }
            for answer in answers {
                prop_assert!(matches!(answer, Action::Say(line) if read(&line)["jsonrpc"] == "2.0"));
            }
        }
    }
}
