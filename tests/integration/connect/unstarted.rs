//! What keeps a server from being started, as far as a look tells.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{assert_nothing_is_left, codes, connect, define, servers};
use crate::support::Sandbox;

#[test]
fn what_cannot_be_started_has_its_code() {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("windows", "#!/usr/bin/env python3\r\nprint()\n"),
        ("orphan", "#!/no/such/interpreter\n"),
        ("orphan-env", "#!/usr/bin/env no-such-python\n"),
        ("plain", "exit 3\n"),
    ] {
        sandbox.program(name, text);
    }
    let locked = sandbox.program("locked", "#!/bin/sh\n");
    fs::set_permissions(&locked, Permissions::from_mode(0o644)).unwrap();
    let cases = [
        ("absent", json!({"command": "no-such-program"}), "not-found", "spawn"),
        ("absent-path", json!({"command": "/no/such/program"}), "not-found", "spawn"),
        ("nowhere", json!({"command": "sh", "cwd": "/no/such/directory"}), "not-found", "spawn"),
        ("locked", json!({"command": locked}), "not-executable", "spawn"),
        ("directory", json!({"command": "/usr"}), "not-executable", "spawn"),
        ("windows", json!({"command": "windows"}), "bad-interpreter", "spawn"),
        ("orphan", json!({"command": "orphan"}), "bad-interpreter", "spawn"),
        ("orphan-env", json!({"command": "orphan-env"}), "bad-interpreter", "spawn"),
        ("line", json!({"command": "sh -c true"}), "command-line-in-command", "config"),
        ("unset", json!({"command": "sh", "args": ["${NOT_SET}"]}), "unexpanded", "config"),
        (
            "config",
            json!({"command": "sh", "hook": {"config": {"source": "/no/file.json"}}}),
            "invalid-definition",
            "config",
        ),
        ("typo", json!({"command": "sh", "hook": {"memmory": "1GiB"}}), "invalid-definition", "config"),
    ];
    define(&sandbox, &cases.iter().map(|(name, entry, ..)| ((*name).to_owned(), entry.clone())).collect());
    let all = servers(&connect(&sandbox, &["--json"]).expect_code(1));
    for (name, _, code, stage) in &cases {
        let server = &all[*name];
        assert_eq!(codes(server), [*code], "{server:#}");
        assert_eq!(server["findings"][0]["stage"], **stage, "{server:#}");
        assert_eq!(server["state"], "failed");
    }
    assert_eq!(all.len(), cases.len());
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_script_without_its_first_line_and_words_that_stay_are_only_warned_of() {
    let sandbox = Sandbox::new();
    sandbox.program("plain", "exit 3\n");
    sandbox.program("ends", "#!/bin/sh\nexit 3\n");
    let home = json!({"command": "ends", "args": ["~/data"]});
    define(
        &sandbox,
        &[("plain".to_owned(), json!({"command": "plain"})), ("home".to_owned(), home)].into_iter().collect(),
    );
    let all = servers(&connect(&sandbox, &["--json"]).expect_code(1));
    assert_eq!(codes(&all["plain"]), ["bad-interpreter", "exited"], "{:#}", all["plain"]);
    assert_eq!(codes(&all["home"]), ["unexpanded", "exited"], "{:#}", all["home"]);
}

#[test]
fn a_file_that_is_not_allowed_starts_nothing_and_what_is_not_asked_is_said() {
    let sandbox = Sandbox::new();
    let entry = json!({"url": "https://example.com/mcp"});
    define(&sandbox, &[("search".to_owned(), entry)].into_iter().collect());
    let project = json!({"mcpServers": {"mine": {"command": "sh", "args": ["-c", "touch ran"]}}});
    sandbox.write("p/.mcp.json", project.to_string());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let output = sandbox.run(command.args(["check", "--connect", "--json"]).current_dir(sandbox.path("p")));
    let all = servers(&output.expect_code(1));
    assert_eq!((codes(&all["mine"]), codes(&all["search"])), (vec!["not-allowed"], vec!["not-asked"]));
    assert!(!sandbox.path("p/ran").exists());
}

#[test]
fn one_that_is_not_defined_is_an_error() {
    let sandbox = Sandbox::new();
    let output = connect(&sandbox, &["zzz"]).expect_code(1);
    assert!(output.stderr.starts_with("mcp-hook: could not check zzz: it is not defined\n"), "{output}");
}

#[test]
fn a_file_that_cannot_be_read_fails_whatever_it_may_define() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("home/.config/mcp-hook/servers.json", "{\"mcpServers\": {");
    let file = file.to_str().unwrap();
    let all = servers(&connect(&sandbox, &["--json"]).expect_code(1));
    assert_eq!(codes(&all[file]), ["invalid-definition"], "{all:#?}");
    let shown = connect(&sandbox, &[]).expect_code(1).stdout;
    assert!(shown.starts_with(&format!("✗ {file}  fails at config\n    invalid-definition: EOF")), "{shown}");
    let run = sandbox.hook(["run", "web"]).expect_code(1).stderr;
    assert!(run.contains("(invalid-definition)\nhint: correct the file; until then"), "{run}");
}
