//! Servers over HTTP that have one fault and no other, and its code.

use serde_json::{Value, json};

use super::{codes, connect, define, servers};
use crate::support::faulty::FaultyHttp;
use crate::support::port::free_port;
use crate::support::{DefinedSession, Sandbox};

#[track_caller]
fn ask(sandbox: &Sandbox, url: &str, more: &[&str]) -> Value {
    let output = connect(sandbox, &[&["--json", "--url", url], more].concat());
    servers(&output).remove(url).unwrap_or_else(|| panic!("{output}"))
}

#[test]
fn each_fault_over_http_has_its_code_and_no_other() {
    for (fault, expected, state) in [
        ("none", &[][..], "ok"),
        ("stream", &[], "ok"),
        ("modern", &[], "ok"),
        ("moved", &[], "ok"),
        ("legacy-sse", &["legacy-sse"], "warning"),
        ("wrong-path", &["wrong-path"], "failed"),
        ("not-mcp", &["not-mcp"], "failed"),
        ("needs-login", &["needs-login"], "failed"),
        ("needs-token", &["needs-token"], "failed"),
        ("forbidden", &["forbidden"], "failed"),
        ("wrong-host", &["wrong-host"], "failed"),
        ("redirect", &["redirect"], "failed"),
        ("server-error", &["server-error"], "failed"),
        ("session-lost", &["session-lost"], "failed"),
    ] {
        let sandbox = Sandbox::new();
        let faulty = FaultyHttp::serve(&sandbox, fault);
        let server = ask(&sandbox, &faulty.url, &[]);
        assert_eq!((&codes(&server)[..], server["state"].as_str()), (expected, Some(state)), "{fault}: {server:#}");
        if state != "failed" {
            assert_eq!(
                (server["tools"].as_u64(), server["server"]["name"].as_str()),
                (Some(1), Some("fault")),
                "{fault}"
            );
        }
    }
}

#[test]
fn a_token_that_is_refused_is_not_one_that_is_missing() {
    let sandbox = Sandbox::new();
    let faulty = FaultyHttp::serve(&sandbox, "token-refused");
    assert_eq!(ask(&sandbox, &faulty.url, &[])["state"], "ok");
    let refused = ask(&sandbox, &faulty.url, &["--header", "Authorization: Bearer x"]);
    assert_eq!(codes(&refused), ["token-refused"], "{refused:#}");
}

#[test]
fn where_nobody_listens_and_what_is_behind_tls_is_said() {
    let sandbox = Sandbox::new();
    let url = format!("http://127.0.0.1:{}/mcp", free_port());
    assert_eq!(codes(&ask(&sandbox, &url, &[])), ["refused"]);
    let secure = ask(&sandbox, "https://example.com/mcp", &[]);
    assert_eq!((codes(&secure), &secure["state"]), (vec!["not-asked"], &"warning".into()));
    assert_eq!(codes(&ask(&sandbox, "localhost:3001", &[])), ["invalid-definition"]);
}

#[test]
fn what_is_secret_in_an_address_stands_in_no_message() {
    let sandbox = Sandbox::new();
    sandbox.env("KEY", "open-sesame");
    let faulty = FaultyHttp::serve(&sandbox, "wrong-path");
    let secret = json!([{"name": "KEY", "isSecret": true}]);
    let entry =
        json!({"url": format!("{}/${{KEY}}?key=${{KEY}}", faulty.url), "hook": {"environmentVariables": secret}});
    define(&sandbox, &[("remote".to_owned(), entry)].into_iter().collect());
    let output = connect(&sandbox, &["--json"]).expect_code(1);
    assert_eq!(codes(&servers(&output)["remote"]), ["wrong-path"]);
    assert!(output.stdout.contains("/mcp/***") && !output.stdout.contains("sesame"), "{output}");
}

#[test]
fn a_secret_of_the_command_line_stands_in_no_message_either() {
    let sandbox = Sandbox::new();
    let sent = ["--header", "Authorization: Bearer open-sesame"];
    for (fault, seen) in [
        ("redirect", "it sends clients on to http://***@127.0.0.1/elsewhere?token=***"),
        ("echo", "it fails with the status 500: no /mcp?key=*** for ***"),
    ] {
        let faulty = FaultyHttp::serve(&sandbox, fault);
        let url = faulty.url.replace("http://", "http://me:open-sesame@") + "?key=open-sesame";
        for json in [&["--json"][..], &[]] {
            let output = connect(&sandbox, &[&["--url", &url], &sent[..], json].concat()).expect_code(1);
            assert!(output.stdout.contains(seen), "{output}");
            assert!(!output.stdout.contains("sesame") && !output.stderr.contains("sesame"), "{output}");
        }
    }
    let output = connect(&sandbox, &["--url", "http://me:open-sesame@[/", "--header", "open-sesame"]).expect_code(1);
    assert!(!output.stderr.contains("sesame"), "{output}");
    let output = connect(&sandbox, &["--url", "ftp://me:open-sesame@h/?open-sesame"]).expect_code(1);
    assert!(output.stdout.contains("ftp://***@h/?*** is no address"), "{output}");
}

#[test]
fn another_server_that_is_named_is_not_sent_what_was_meant_for_the_first() {
    let sandbox = Sandbox::new();
    let second = FaultyHttp::serve(&sandbox, "token-refused");
    let first = FaultyHttp::serve(&sandbox, &second.url);
    let server = ask(&sandbox, &first.url, &["--header", "Authorization: Bearer open-sesame"]);
    assert_eq!(server["state"], "ok", "it refuses whoever sends a token: {server:#}");
}

#[test]
fn defined_servers_are_asked_where_they_run() {
    let sandbox = Sandbox::new();
    sandbox.env("TOKEN", "open-sesame");
    let faulty = FaultyHttp::serve(&sandbox, "token-refused");
    let remote = json!({"url": faulty.url, "headers": {"Authorization": "Bearer ${TOKEN}"}});
    let listener =
        json!({"command": "python3", "args": ["-m", "http.server", "${MCP_PORT}"], "hook": {"port": "auto"}});
    define(&sandbox, &[("remote".to_owned(), remote), ("web".to_owned(), listener)].into_iter().collect());
    let mut session = DefinedSession::open(&sandbox);
    let before = servers(&connect(&sandbox, &["--json"]));
    assert_eq!(codes(&before["remote"]), ["token-refused"], "{:#}", before["remote"]);
    assert_eq!(codes(&before["web"]), ["server-error"], "a copy is asked of one that does not run");
    session.hook("start web").ok();
    let pid = sandbox.server("web").unwrap()["pid"].clone();
    let output = session.terminal.run("mcp-hook check --connect web");
    assert!(output.stdout.contains("server-error: it fails with the status 501"), "{output}");
    assert_eq!(sandbox.server("web").unwrap()["pid"], pid, "it runs as before");
    drop(faulty);
    session.end();
}
