//! What `start`, `run` and `restart` say of a server that does not start is known to `check --connect` by the same name.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::{codes, connect, define, servers};
use crate::support::output::redact;
use crate::support::{BackgroundSession, Sandbox, faulty};

/// Which commands try a server.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// Nothing is recorded of one that is not even tried.
    StartAndRun,
    StartRunAndRestart,
    /// It is asked on its port.
    Start,
}

type Case = (&'static str, Value, &'static str, By);

/// Servers that do not start, each with its code.
fn cases(sandbox: &Sandbox) -> Vec<Case> {
    for (name, text) in [
        ("windows", "#!/usr/bin/env python3\r\nprint()\n"),
        ("orphan", "#!/no/such/interpreter\n"),
        ("orphan-env", "#!/usr/bin/env no-such-python\n"),
    ] {
        sandbox.program(name, text);
    }
    let locked = sandbox.program("locked", "#!/bin/sh\n");
    fs::set_permissions(&locked, Permissions::from_mode(0o644)).unwrap();
    let endless = sandbox.program("endless", &format!("#!{}\n", sandbox.path("bin/endless").display()));
    let variable = json!([{"name": "TOKEN", "choices": ["a", "b"]}]);
    let spawned = [
        ("absent", json!({"command": "no-such-program"}), "not-found"),
        ("absent-path", json!({"command": "no/such/program"}), "not-found"),
        ("nowhere", json!({"command": "sh", "cwd": "/no/such/directory"}), "not-found"),
        ("hidden", json!({"command": "${TOOLS}/server", "cwd": "${TOOLS}"}), "not-found"),
        ("locked", json!({"command": locked}), "not-executable"),
        ("directory", json!({"command": "/usr"}), "not-executable"),
        ("endless", json!({"command": endless}), "not-executable"),
        ("windows", json!({"command": "windows"}), "bad-interpreter"),
        ("orphan", json!({"command": "orphan"}), "bad-interpreter"),
        ("orphan-env", json!({"command": "orphan-env"}), "bad-interpreter"),
        ("line", json!({"command": "sh -c true"}), "command-line-in-command"),
        ("ends", json!({"command": "sh", "args": ["-c", "echo no configuration >&2; exit 3"]}), "exited"),
        ("killed", json!({"command": "sh", "args": ["-c", "kill -9 $$"]}), "exited"),
    ];
    let defined = [
        ("unset", json!({"command": "sh", "args": ["${NOT_SET}"]}), "unexpanded"),
        (
            "choice",
            json!({"command": "sh", "env": {"TOKEN": "c"}, "hook": {"environmentVariables": variable}}),
            "invalid-definition",
        ),
        ("config", json!({"command": "sh", "hook": {"config": {"source": "/no/file.json"}}}), "invalid-definition"),
        ("typo", json!({"command": "sh", "hook": {"memmory": "1GiB"}}), "invalid-definition"),
    ];
    let spawned = spawned.into_iter().map(|(name, entry, code)| (name, entry, code, By::StartRunAndRestart));
    spawned.chain(defined.map(|(name, entry, code)| (name, entry, code, By::StartAndRun))).collect()
}

/// Servers that are asked on their port before they count as started, and do not answer.
fn over_http(sandbox: &Sandbox) -> Vec<Case> {
    let program = faulty::http_program(sandbox);
    let faults = [
        ("exits", "exited"),
        ("deaf", "no-answer"),
        ("wrong-path", "wrong-path"),
        ("not-mcp", "not-mcp"),
        ("needs-login", "needs-login"),
        ("needs-token", "needs-token"),
        ("token-refused", "token-refused"),
        ("forbidden", "forbidden"),
        ("wrong-host", "wrong-host"),
        ("redirect", "redirect"),
        ("server-error", "server-error"),
        ("echo", "server-error"),
    ];
    let entry = |fault: &str| {
        json!({
            "command": "python3",
            "args": [program, fault, "${MCP_PORT}"],
            "url": "http://127.0.0.1:${MCP_PORT}/mcp",
            "headers": if ["token-refused", "echo"].contains(&fault) { json!({"Authorization": "Bearer open-sesame"}) } else { json!({}) },
            "hook": {"port": "auto", "ready": {"mcp": true, "timeout": "45s"}},
        })
    };
    faults.map(|(fault, code)| (fault, entry(fault), code, By::Start)).into()
}

/// The codes that an error names.
fn named(said: &str) -> Vec<&str> {
    let is_code = |word: &&str| !word.is_empty() && word.chars().all(|it| it.is_ascii_lowercase() || it == '-');
    let words = said.split_whitespace().filter_map(|word| word.strip_prefix('(')?.split_once(')'));
    words.map(|(word, _)| word).filter(is_code).collect()
}

fn hook(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn a_server_that_does_not_start_has_one_code_whoever_tries_it() {
    let sandbox = Sandbox::new();
    sandbox.env("TOOLS", "/no/such/tools");
    let cases = [cases(&sandbox), over_http(&sandbox)].concat();
    define(&sandbox, &cases.iter().map(|(name, entry, ..)| ((*name).to_owned(), entry.clone())).collect());
    let session = BackgroundSession::open(&sandbox);
    let start = |name: &str| hook(&sandbox, &["start", "--session", &session.id, name]).spawn().unwrap();
    let starting: Vec<_> = cases.iter().map(|(name, ..)| start(name)).collect();
    let mut wording = String::new();
    for ((name, _, code, by), starting) in cases.iter().zip(starting) {
        let said = String::from_utf8(starting.wait_with_output().unwrap().stderr).unwrap();
        assert_eq!(named(&said), [*code], "start {name}: {said}");
        assert!(!said.contains("sesame"), "start {name}: {said}");
        if *by != By::Start {
            // What the server says itself is not ours.
            wording.extend(said.lines().filter(|line| !line.starts_with(' ')).map(|line| format!("{line}\n")));
            let run = sandbox.run(&mut hook(&sandbox, &["run", name]));
            assert_eq!(named(&run.stderr), [*code], "run {name}: {run}");
        }
        if *by == By::StartRunAndRestart {
            let restart = session.hook("restart", &[name]).expect_code(1);
            assert_eq!(named(&restart.stderr), [*code], "restart {name}: {restart}");
        }
    }
    session.assert_only_shell_left();
    let all = servers(&connect(&sandbox, &["--json", "--timeout", "45s"]).expect_code(1));
    for (name, _, code, _) in &cases {
        assert_eq!(codes(&all[*name]), [*code], "{:#}", all[*name]);
    }
    insta::assert_snapshot!(redact(&sandbox, &wording));
}

#[test]
fn what_a_file_defines_that_has_not_been_allowed_has_the_code_too() {
    let sandbox = Sandbox::new();
    define(&sandbox, &Map::new());
    let project =
        json!({"mcpServers": {"mine": {"command": "sh", "args": ["-c", "touch ran"]}, "broken": {"command": 7}}});
    sandbox.write("p/.mcp.json", project.to_string());
    let session = BackgroundSession::open(&sandbox);
    let here =
        |words: &[&str]| sandbox.run(hook(&sandbox, words).current_dir(sandbox.path("p")).stdout(Stdio::piped()));
    let all = servers(&here(&["check", "--connect", "--json"]).expect_code(1));
    for name in ["mine", "broken"] {
        assert_eq!(codes(&all[name]), ["not-allowed"]);
        let start = here(&["start", "--session", &session.id, name]).expect_code(1);
        assert_eq!(named(&start.stderr), ["not-allowed"], "{start}");
        let run = here(&["run", name]).expect_code(1);
        assert_eq!(named(&run.stderr), ["not-allowed"], "{run}");
    }
    assert!(!sandbox.path("p/ran").exists());
}
