//! Servers that have one fault and no other, and its code.

use serde_json::json;

use super::{assert_nothing_is_left, codes, connect, define_faulty, servers};
use crate::support::Sandbox;

/// A fault, its code if it has one, and what the server counts as.
const FAULTS: &[(&str, &[&str], &str)] = &[
    ("none", &[], "ok"),
    ("modern", &[], "ok"),
    ("dies-of-discover", &[], "ok"),
    ("exited", &["exited"], "failed"),
    ("no-answer", &["no-answer"], "failed"),
    ("content-length", &["content-length"], "failed"),
    ("multi-line-json", &["multi-line-json"], "failed"),
    ("no-newline", &["no-newline"], "failed"),
    ("byte-order-mark", &["byte-order-mark"], "warning"),
    ("no-jsonrpc", &["no-jsonrpc"], "failed"),
    ("wrong-id", &["wrong-id"], "failed"),
    ("text-id", &["wrong-id"], "warning"),
    ("echo", &["echo"], "failed"),
    ("error-answer", &["error-answer"], "failed"),
    ("version", &["version"], "failed"),
    ("invalid-answer", &["invalid-answer"], "failed"),
    ("stdout-text", &["stdout-text"], "warning"),
    ("list-error", &["list-error"], "failed"),
    ("list-exited", &["list-exited"], "failed"),
    ("list-no-answer", &["list-no-answer"], "failed"),
    ("invalid-tool", &["invalid-tool"], "failed"),
    ("duplicate-tool", &["duplicate-tool"], "warning"),
    ("no-tools", &["no-tools"], "warning"),
    ("endless-list", &["endless-list"], "failed"),
    ("large-list", &["large-list"], "warning"),
    ("ignores-eof", &["ignores-eof"], "warning"),
    ("ignores-sigterm", &["ignores-eof", "ignores-sigterm"], "warning"),
    ("leaves-processes", &["leaves-processes"], "warning"),
    ("slow-stop", &["slow-stop"], "warning"),
    ("writes-files", &["writes-files"], "ok"),
];

#[test]
fn each_fault_has_its_code_and_no_other_and_all_are_asked_side_by_side() {
    let sandbox = Sandbox::new();
    let names: Vec<&str> = FAULTS.iter().map(|(fault, ..)| *fault).collect();
    define_faulty(&sandbox, &names);
    let output = connect(&sandbox, &["--json", "--timeout", "45s"]).expect_code(1);
    let servers = servers(&output);
    for (fault, expected, state) in FAULTS {
        let server = &servers[*fault];
        assert_eq!((&codes(server)[..], server["state"].as_str()), (*expected, Some(*state)), "{server:#}");
        let hints = server["findings"].as_array().unwrap().iter().all(|finding| finding["hint"].is_string());
        assert!(hints, "every finding says what helps: {server:#}");
    }
    assert_eq!(servers.len(), FAULTS.len());
    assert_nothing_is_left(&sandbox);
}

#[test]
fn the_clients_that_a_fault_stops_are_told_from_those_that_it_does_not() {
    let sandbox = Sandbox::new();
    let python = ["claude-code", "python-sdk"];
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("byte-order-mark", &["claude-code", "codex"], &["gemini", "mcporter", "inspector", "python-sdk"]),
        ("no-tools", &["claude-code", "codex", "mcporter"], &["gemini"]),
        ("huge-list", &python, &["gemini", "mcporter", "inspector"]),
        ("invalid-tool", &["inspector"], &["claude-code", "codex", "gemini", "python-sdk"]),
    ];
    let names: Vec<&str> = cases.iter().map(|(fault, ..)| *fault).chain(["none", "large-list", "version"]).collect();
    define_faulty(&sandbox, &names);
    let all = servers(&connect(&sandbox, &["--json", "--timeout", "1h"]).expect_code(1));
    for (fault, works, fails) in cases {
        assert_eq!(all[fault]["clients"], json!({"works": works, "fails": fails}), "{fault}");
        let found = all[fault]["findings"].as_array().unwrap().iter().find(|it| it["fails_in"].is_array()).unwrap();
        assert_eq!((&found["works_in"], &found["fails_in"]), (&json!(works), &json!(fails)));
    }
    for alike in ["none", "large-list", "version"] {
        assert!(all[alike]["clients"].is_null(), "{:#}", all[alike]);
    }
    let shown = connect(&sandbox, &["no-tools"]).ok();
    assert!(
        shown.stdout.contains("    clients: works in Claude Code, Codex, mcporter; not in Gemini CLI\n"),
        "{shown}"
    );
}

#[test]
fn what_one_server_leaves_in_its_directory_is_told() {
    let sandbox = Sandbox::new();
    define_faulty(&sandbox, &["writes-files"]);
    let server = &servers(&connect(&sandbox, &["--json"]).ok())["writes-files"];
    let home = sandbox.home();
    let message = format!("it leaves files in its working directory, {}: notes.db, notes.log", home.display());
    let found = server["findings"].as_array().unwrap().iter().find(|it| it["code"] == "writes-files");
    assert_eq!(found.map(|it| &it["message"]), Some(&json!(message)), "{server:#}");
    let again = &servers(&connect(&sandbox, &["--json"]).ok())["writes-files"];
    assert!(!codes(again).contains(&"writes-files"), "it was there before: {again:#}");
}

#[test]
fn the_exit_status_says_whether_any_has_failed() {
    let sandbox = Sandbox::new();
    define_faulty(&sandbox, &["none", "byte-order-mark", "version"]);
    connect(&sandbox, &["none", "byte-order-mark"]).expect_code(0);
    connect(&sandbox, &["none", "version"]).expect_code(1);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn scripts_read_what_was_learned() {
    let sandbox = Sandbox::new();
    define_faulty(&sandbox, &["modern", "exited"]);
    let all = servers(&connect(&sandbox, &["--json"]).expect_code(1));
    let (good, bad) = (&all["modern"], &all["exited"]);
    assert_eq!((good["protocol"].as_str(), &good["tools"]), (Some("2026-07-28"), &1.into()), "{good:#}");
    assert_eq!(good["server"], serde_json::json!({"name": "fault", "version": "1.0"}));
    assert_eq!((&good["exit"], &good["stderr"]), (&serde_json::json!({"code": 0}), &serde_json::json!([])));
    assert!(good["memory"].as_u64().unwrap() > 1 << 20 && good["list_bytes"].as_u64().unwrap() > 50, "{good:#}");
    assert!(good["timings_ms"]["handshake"].is_u64() && good["timings_ms"]["lifecycle"].is_u64(), "{good:#}");
    assert_eq!(bad["exit"], serde_json::json!({"code": 3}), "{bad:#}");
    assert_eq!(bad["stderr"], serde_json::json!(["no configuration: CONFIG is not set"]));
    assert_eq!(bad["skipped"], serde_json::json!(["list", "lifecycle"]));
    assert_eq!((&bad["tools"], &bad["memory"], &bad["protocol"]), (&().into(), &().into(), &().into()));
}
