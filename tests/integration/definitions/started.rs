//! `start`, `run` and `restart` of what is defined.

use std::fs;

use serde_json::{Value, json};

use super::{hook_in, said};
use crate::support::DefinedSession;
use crate::support::defined_session::{define, entry, files};
use crate::support::{Process, Sandbox};

fn pid(session: &DefinedSession) -> i32 {
    session.sandbox.server("web").unwrap()["pid"].as_i64().unwrap().try_into().unwrap()
}

fn record(session: &DefinedSession) -> Value {
    let path = session.sandbox.runtime().join("pids").join(&session.id).join("web.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_definition_is_started_by_its_name() {
    let sandbox = Sandbox::new();
    let mut web = entry(&json!({ "stop": { "grace": "7s" } }));
    web["args"] = json!(["${WHO:-nobody}", "${MCP_SESSION_ID}", "$WHO", "two words"]);
    web["env"] = json!({ "GREETING": "hello ${WHO:-nobody}" });
    let file = define(&sandbox, &json!({ "web": web }));
    let session = DefinedSession::open(&sandbox);
    session.hook_with(&[("WHO", "me")], "start web").ok();
    assert_eq!(session.told("arguments"), format!("me\n{}\n$WHO\ntwo words\n", session.id));
    assert_eq!(session.environment()["GREETING"], "hello me");
    assert_eq!(session.told("directory").trim_end(), sandbox.home().to_str().unwrap());
    let record = record(&session);
    assert_eq!(record["source"], file.to_str().unwrap());
    assert_eq!(record["command"]["argv"][1], "${WHO:-nobody}", "as it is defined");
    assert_eq!(record["settings"]["grace_ms"], 7000);
    session.end();
}

#[test]
fn what_is_typed_comes_before_what_is_defined() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({ "web": entry(&json!({ "stop": { "grace": "7s" } })) }));
    let session = DefinedSession::open(&sandbox);
    session.hook("start web --grace 9s --no-tty").ok();
    let settings = record(&session)["settings"].clone();
    assert_eq!((&settings["grace_ms"], &settings["terminal"]), (&json!(9000), &json!(false)), "options");
    session.hook("stop web").ok();
    session.hook("start web -- sleep 1000").ok();
    let typed = record(&session);
    assert_eq!((&typed["command"]["argv"], &typed["source"]), (&json!(["sleep", "1000"]), &Value::Null), "a command");
    assert_eq!(typed["settings"]["grace_ms"], Value::Null, "and nothing of the definition");
    session.end();
}

#[test]
fn what_is_wrong_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.config/mcp-hook/config.json", "{}");
    let config = json!({ "source": "config.json", "required": ["servers.*.host"] });
    let mut unset = entry(&json!({}));
    unset["args"] = json!(["${UNSET}"]);
    define(
        &sandbox,
        &json!({
            "unset": unset,
            "required": entry(&json!({ "environmentVariables": [{ "name": "UNSET", "isRequired": true }] })),
            "config": entry(&json!({ "config": config })),
            "missing": entry(&json!({ "config": { "source": "nowhere.json" } })),
            "remote": { "url": "https://example.org/mcp" },
            "broken": { "command": "x", "hook": { "nonsense": 1 } },
        }),
    );
    let session = DefinedSession::open(&sandbox);
    sandbox.hook(["list"]).ok();
    let before = files(&sandbox.runtime());
    for name in ["unset", "required", "config", "missing", "remote", "broken", "undefined"] {
        for verb in ["start", "run", "start --fresh"] {
            let output = session.hook(&format!("{verb} {name}")).expect_code(1);
            assert!(output.stderr.starts_with("mcp-hook: ") && output.stderr.contains(name), "{output}");
            let outside = sandbox.hook(["run", name]).expect_code(1);
            assert!(outside.stderr.starts_with("mcp-hook: "), "{outside}");
        }
    }
    assert_eq!(files(&sandbox.runtime()), before, "no record, no lock, no copy, no log, no session");
    session.end();
}

#[test]
fn restart_keeps_what_runs_as_it_was_started_and_reads_anew_what_has_ended() {
    let sandbox = Sandbox::new();
    let with = |argument: &str| {
        let mut web = entry(&json!({}));
        web["args"] = json!([argument]);
        json!({ "web": web })
    };
    define(&sandbox, &with("${VERSION:-one}"));
    let session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    define(&sandbox, &with("two"));
    session.hook_with(&[("VERSION", "three")], "restart web").ok();
    assert_eq!(session.told("arguments"), "one\n", "as it was started");
    session.hook("restart web --fresh").ok();
    assert_eq!(session.told("arguments"), "two\n", "fresh");
    define(&sandbox, &with("four"));
    session.hook("stop web").ok();
    session.hook("restart web").ok();
    assert_eq!(session.told("arguments"), "four\n", "it had ended");
    session.end();
}

#[test]
fn a_definition_that_has_become_wrong_ends_nothing() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({ "web": entry(&json!({})) }));
    let session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    let server = Process::with_pid(pid(&session)).unwrap();
    let mut wrong = entry(&json!({}));
    wrong["args"] = json!(["${UNSET}"]);
    define(&sandbox, &json!({ "web": wrong }));
    insta::assert_snapshot!(said(&sandbox, &session.hook("restart web --fresh")), @r#"
    mcp-hook: could not restart web: UNSET is not set (used in args[0]) (unexpanded)
    hint: set it where mcp-hook is called; an MCP client may hand on only what its own "env" says
    [1]
    "#);
    define(&sandbox, &json!({ "other": entry(&json!({})) }));
    insta::assert_snapshot!(said(&sandbox, &session.hook("restart web --fresh")), @"
    mcp-hook: could not restart web: /home/.config/mcp-hook/servers.json does not define it any more
    hint: mcp-hook start web -- COMMAND ARGUMENT…
    [1]
    ");
    assert!(server.alive());
    session.hook("stop web").ok();
    insta::assert_snapshot!(said(&sandbox, &session.hook("restart web")), @"
    mcp-hook: could not restart web: /home/.config/mcp-hook/servers.json does not define it any more
    hint: mcp-hook start web -- COMMAND ARGUMENT…
    [1]
    ");
    session.end();
}

#[test]
fn a_server_of_a_project_starts_in_the_project_once_it_is_allowed() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({}));
    let project = json!({ "mcpServers": { "web": entry(&json!({})) } }).to_string();
    sandbox.write("p/.mcp.json", project);
    sandbox.write("p/deep/down/file", "");
    let session = DefinedSession::open(&sandbox);
    let start = format!("start --session {} web", session.id);
    let refused = hook_in(&sandbox, "p/deep/down", &start).expect_code(1);
    assert!(refused.stderr.contains("has not been allowed"), "{refused}");
    hook_in(&sandbox, "p", "allow").ok();
    hook_in(&sandbox, "p/deep/down", &start).ok();
    let project = fs::canonicalize(sandbox.path("p")).unwrap();
    assert_eq!(session.told("directory").trim_end(), project.to_str().unwrap());
    session.hook("stop web").ok();
    session.hook("restart web").ok();
    sandbox.write("p/.mcp.json", "{\"mcpServers\": {\"web\": {\"command\": \"told\"}}}");
    session.hook("stop web").ok();
    let changed = session.hook("restart web").expect_code(1);
    assert!(changed.stderr.contains("has changed since it was allowed"), "{changed}");
    session.end();
}
