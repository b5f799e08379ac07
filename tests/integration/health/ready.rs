//! `--ready-mcp`: a server is ready once it answers the handshake.

use std::process::Stdio;

use serde_json::json;

use super::{asked, changing, set_mode, start};
use crate::support::defined_session::write_user;
use crate::support::{BackgroundSession, Sandbox, wait};

#[test]
fn a_server_is_ready_when_it_answers_the_handshake_of_either_era_and_keeps_no_session_for_it() {
    for (mode, questions) in [
        ("well", &["server/discover", "initialize", "notifications/initialized", "DELETE"][..]),
        ("modern", &["server/discover"]),
        ("sse", &["server/discover", "initialize", "GET", "initialize", "notifications/initialized"]),
    ] {
        let sandbox = Sandbox::new();
        set_mode(&sandbox, mode);
        let session = BackgroundSession::open(&sandbox);
        start(&session, &sandbox, &[]).ok();
        assert_eq!(session.record("web").unwrap()["state"]["ready"], true);
        let is_over = || (asked(&sandbox).len() >= questions.len()).then(|| asked(&sandbox));
        let asked = wait::until("all was said", is_over);
        let methods: Vec<_> = asked.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(methods, questions, "{mode}");
        assert!(asked[0].ends_with("- localhost /mcp"), "{asked:?}");
        session.hook("stop", &["web"]).ok();
        session.assert_only_shell_left();
    }
}

#[test]
fn start_waits_for_a_server_that_listens_and_answers_later() {
    let sandbox = Sandbox::new();
    set_mode(&sandbox, "busy");
    let session = BackgroundSession::open(&sandbox);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let options = ["--port", "auto", "--ready-mcp", "--ready-timeout", "1h"];
    let arguments = session.start_arguments(&options, "web", &changing(&sandbox));
    let mut starting = command.args(arguments).stderr(Stdio::piped()).spawn().unwrap();
    wait::until("it was asked several times", || (asked(&sandbox).len() > 4).then_some(()));
    assert_eq!(sandbox.server("web").unwrap()["state"], "starting");
    set_mode(&sandbox, "well");
    assert!(starting.wait().unwrap().success());
    assert_eq!(sandbox.server("web").unwrap()["state"], "running");
    set_mode(&sandbox, "modern");
    session.hook("restart", &["web"]).ok();
    assert_eq!(asked(&sandbox).last().unwrap().split(' ').next(), Some("server/discover"));
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_start_that_fails_says_what_was_seen_and_by_the_name_that_check_has_for_it() {
    for (mode, said) in [
        ("wrong-path", "(wrong-path): nothing at /mcp speaks MCP (status 404)"),
        ("needs-token", "(needs-token): it wants a token (status 401)"),
        ("forbidden", "(forbidden): it refuses with the status 403"),
        ("busy", "(server-error): it fails with the status 503: no"),
        ("silent", "(no-answer): it takes the connection and does not answer"),
        ("half", "(no-answer): it takes the connection and does not answer"),
        ("flood", "(no-answer): it takes the connection and does not answer"),
        ("redirect", "(redirect): it sends clients on to /mcp"),
    ] {
        let sandbox = Sandbox::new();
        set_mode(&sandbox, mode);
        let session = BackgroundSession::open(&sandbox);
        let said_instead = start(&session, &sandbox, &["--ready-timeout", "6s"]).expect_code(1).stderr;
        let expected = format!("mcp-hook: could not start web: it did not answer the handshake {said}");
        assert!(said_instead.starts_with(&expected), "{mode}: {said_instead}");
        assert!(said_instead.contains("\nhint: "), "{mode}: {said_instead}");
        let shown = sandbox.server("web").unwrap();
        assert!(shown["reason"].as_str().unwrap().contains(said), "{mode}: {shown}");
        session.assert_only_shell_left();
    }
}

#[test]
fn one_that_never_listens_did_not_listen() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let options = ["--port", "auto", "--ready-mcp", "--ready-timeout", "300ms"];
    let said = session.start(&options, "web", &["sleep", "1000"].map(str::to_owned)).expect_code(1).stderr;
    assert!(
        said.starts_with("mcp-hook: could not start web: it did not listen on its port within 0.3 s (no-answer)\n"),
        "{said}"
    );
    session.assert_only_shell_left();
}

#[test]
fn a_definition_says_the_same_with_the_path_and_the_headers_of_its_clients() {
    let sandbox = Sandbox::new();
    let words = changing(&sandbox);
    let hook = json!({"port": "auto", "ready": {"mcp": true, "timeout": "1m"}});
    let url = "http://127.0.0.1:${MCP_PORT}/team";
    let entry = json!({"command": words[0], "args": [words[1]], "url": url, "headers": {"Mcp-Session-Id": "${WHOSE}"}, "hook": hook});
    write_user(&sandbox, &json!({"mcpServers": {"web": entry}}).to_string());
    sandbox.env("WHOSE", "mine");
    let session = BackgroundSession::open(&sandbox);
    session.hook("start", &["web"]).ok();
    assert_eq!(asked(&sandbox)[0], "server/discover mine 127.0.0.1 /team");
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn under_a_client_it_counts_as_started_when_it_listens_and_is_not_asked() {
    let sandbox = Sandbox::new();
    let words = changing(&sandbox);
    let hook = json!({"port": "auto", "ready": {"mcp": true}, "health": {"every": "1s"}});
    let entry = json!({"command": words[0], "args": [words[1]], "hook": hook});
    write_user(&sandbox, &json!({"mcpServers": {"web": entry}}).to_string());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let mut run = command.args(["run", "web"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let server = wait::until("it is started", || sandbox.server("web").filter(|it| it["state"] == "running"));
    assert_eq!((&server["health"], asked(&sandbox)), (&json!(null), Vec::new()), "{server}");
    drop(run.stdin.take());
    run.wait().unwrap();
    sandbox.assert_clean();
}

#[test]
fn without_a_port_there_is_nobody_to_be_asked() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let said = session.start(&["--ready-mcp"], "web", &["cat".to_owned()]).expect_code(1).stderr;
    insta::assert_snapshot!(said, @r"
    mcp-hook: could not start web: it has no port on which it could be asked
    hint: give it one: --port auto, and ${MCP_PORT} in its command
    ");
    session.assert_only_shell_left();
}

#[test]
fn stop_is_heard_while_a_server_leaves_the_handshake_unanswered() {
    let sandbox = Sandbox::new();
    set_mode(&sandbox, "silent");
    let session = BackgroundSession::open(&sandbox);
    start(&session, &sandbox, &["--no-wait", "--ready-timeout", "1h"]).ok();
    wait::until("it is asked", || (!asked(&sandbox).is_empty()).then_some(()));
    session.hook("stop", &["web"]).ok();
    session.assert_only_shell_left();
}
