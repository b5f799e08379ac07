//! Servers that listen on a port: a copy of one that does not run, on a port of its own.

use std::collections::BTreeMap;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::{assert_nothing_is_left, codes, connect, define, servers};
use crate::support::faulty;
use crate::support::{DefinedSession, Sandbox};

/// A definition of a server with this fault on a port of its own.
fn listener(sandbox: &Sandbox, fault: &str) -> Value {
    let program = faulty::http_program(sandbox);
    json!({"command": "python3", "args": [program, fault, "${MCP_PORT}"], "hook": {"port": "auto"}})
}

#[test]
fn a_copy_is_started_on_a_free_port_asked_there_and_ended() {
    let sandbox = Sandbox::new();
    let cases = [
        ("none", &[][..], "ok"),
        ("modern", &[], "ok"),
        ("alone", &[], "ok"),
        ("legacy-sse", &["legacy-sse"], "warning"),
        ("needs-token", &["needs-token"], "failed"),
        ("server-error", &["server-error"], "failed"),
        ("exits", &["exited"], "failed"),
        ("deaf", &["no-answer"], "failed"),
        ("elsewhere", &["no-answer"], "failed"),
    ];
    define(&sandbox, &cases.iter().map(|(fault, ..)| ((*fault).to_owned(), listener(&sandbox, fault))).collect());
    let mut all = BTreeMap::new();
    for (timeout, is_silent) in [("30s", true), ("1h", false)] {
        let asked = cases.iter().filter(|(_, codes, _)| codes.contains(&"no-answer") == is_silent);
        let words: Vec<&str> =
            ["--json", "--timeout", timeout].into_iter().chain(asked.map(|(fault, ..)| *fault)).collect();
        all.extend(servers(&connect(&sandbox, &words).expect_code(1)));
    }
    for (fault, expected, state) in cases {
        let server = &all[fault];
        assert_eq!((&codes(server)[..], server["state"].as_str()), (expected, Some(state)), "{server:#}");
    }
    let (good, silent) = (&all["none"], &all["elsewhere"]["findings"][0]["message"]);
    assert_eq!((&good["tools"], &good["exit"]), (&1.into(), &json!({"signal": 15})), "{good:#}");
    assert!(good["memory"].as_u64().is_some() && good["timings_ms"]["lifecycle"].is_u64(), "{good:#}");
    assert_eq!(all["exits"]["stderr"], json!(["no configuration: CONFIG is not set"]));
    assert!(silent.as_str().unwrap().ends_with("after 30 s; it waits for connections elsewhere"), "{silent}");
    assert_nothing_is_left(&sandbox);
}

#[test]
fn it_is_asked_at_the_path_of_its_url() {
    let sandbox = Sandbox::new();
    let at = |url: &str| {
        let mut server = listener(&sandbox, "moved");
        server["url"] = url.into();
        server
    };
    let all = [("here", at("http://localhost:${MCP_PORT}/other")), ("proxied", at("https://example.com/other?a=b"))];
    define(&sandbox, &all.into_iter().map(|(name, server)| (name.to_owned(), server)).collect());
    let all = servers(&connect(&sandbox, &["--json"]).ok());
    assert_eq!((&all["here"]["tools"], &all["proxied"]["tools"]), (&1.into(), &1.into()), "{all:#?}");
    assert_nothing_is_left(&sandbox);
}

#[test]
fn one_whose_port_is_taken_is_not_asked() {
    let sandbox = Sandbox::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = other.local_addr().unwrap().port();
    let mut server = listener(&sandbox, "none");
    server["hook"]["port"] = number.into();
    define(&sandbox, &[("web".to_owned(), server)].into_iter().collect());
    let web = &servers(&connect(&sandbox, &["--json"]).ok())["web"];
    let message = web["findings"][0]["message"].as_str().unwrap();
    assert_eq!(codes(web), ["not-asked"], "{web:#}");
    assert!(message.contains(&format!("port {number}")), "{message}");
    assert_nothing_is_left(&sandbox);
}

#[test]
fn servers_that_were_started_by_their_command_are_found_by_name() {
    let sandbox = Sandbox::new();
    let program = faulty::http_program(&sandbox);
    let mut session = DefinedSession::open(&sandbox);
    session.hook(&format!("start web --port auto -- python3 {} none ${{MCP_PORT}}", program.display())).ok();
    session.hook("start plain -- cat").ok();
    let before = [sandbox.server("web").unwrap()["pid"].clone(), sandbox.server("plain").unwrap()["pid"].clone()];
    let checked = session.terminal.run("mcp-hook check --connect web plain");
    assert!(checked.stdout.contains("✓ web  fault 1.0") && checked.stdout.contains("    echo: "), "{checked}");
    let after = [sandbox.server("web").unwrap()["pid"].clone(), sandbox.server("plain").unwrap()["pid"].clone()];
    assert_eq!(before, after, "they run as before");
    session.end();
}
