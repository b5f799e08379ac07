//! The servers in a client's files, each as the client would start it.

use std::process::Stdio;

use serde_json::json;

use super::{assert_nothing_is_left, codes, connect, define, servers};
use crate::support::{Output, Sandbox};

/// Says what it was given, and ends.
const TELLS: &str =
    "echo \"$PWD token=${MY_TOKEN-} plain=${MY_PLAIN-} E=${E-} project=${CLAUDE_PROJECT_DIR-} $*\" >&2; exit 1";

/// A sandbox with a program that tells what it was given, and a client's file with this text.
fn sandbox(file: &str, text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.env("MY_TOKEN", "open-sesame");
    sandbox.env("MY_PLAIN", "plain");
    sandbox.program("tells", &format!("#!/bin/sh\n{TELLS}\n"));
    sandbox.write(format!("home/{file}"), text);
    sandbox
}

/// `mcp-hook check --connect --client CLIENT ARGUMENTS`.
fn ask(sandbox: &Sandbox, client: &str, arguments: &[&str]) -> Output {
    connect(sandbox, &[&["--client", client], arguments].concat())
}

#[test]
fn each_client_hands_on_its_own_variables_and_expands_what_it_documents() {
    let entry = |written: &str| json!({"command": "tells", "args": [written, "~/x"], "env": {"E": written}});
    let json = |key: &str, written: &str| json!({key: {"web": entry(written)}}).to_string();
    let cases = [
        (
            "claude-code",
            ".claude.json",
            json("mcpServers", "${MY_TOKEN}"),
            "token=*** plain=plain E=*** project=HOME *** ~/x",
        ),
        (
            "codex",
            ".codex/config.toml",
            "[mcp_servers.web]\ncommand = 'tells'\nargs = ['${MY_TOKEN}', '~/x']\nenv = {E = '1'}".to_owned(),
            "token= plain= E=1 project= ${MY_TOKEN} ~/x",
        ),
        (
            "codex",
            ".codex/config.toml",
            "[mcp_servers.web]\ncommand = 'tells'\ncwd = '/'\nenv_vars = ['MY_PLAIN']".to_owned(),
            "token= plain=plain E= project= ",
        ),
        (
            "gemini",
            ".gemini/settings.json",
            json("mcpServers", "$MY_PLAIN"),
            "token= plain=plain E=plain project= plain ~/x",
        ),
        (
            "cursor",
            ".cursor/mcp.json",
            json("mcpServers", "${env:MY_PLAIN}"),
            "token=open-sesame plain=plain E=plain project= plain ~/x",
        ),
        (
            "lm-studio",
            ".lmstudio/mcp.json",
            json("mcpServers", "${MY_PLAIN}"),
            "token= plain= E=${MY_PLAIN} project= ${MY_PLAIN} ~/x",
        ),
        (
            "opencode",
            ".config/opencode/opencode.json",
            json!({"mcp": {"web": {"type": "local", "command": ["tells", "{env:MY_PLAIN}"]}}}).to_string(),
            "token=open-sesame plain=plain E= project= plain",
        ),
    ];
    for (client, file, text, said) in cases {
        let sandbox = sandbox(file, &text);
        let output = ask(&sandbox, client, &["--json"]).expect_code(1);
        let server = &servers(&output)["web"];
        let last = server["stderr"][0].as_str().unwrap_or_else(|| panic!("{client}: {server:#}"));
        let home = sandbox.home();
        let directory = if text.contains("cwd") || client == "lm-studio" { "/" } else { home.to_str().unwrap() };
        assert_eq!(last, format!("{directory} {said}").trim_end().replace("HOME", home.to_str().unwrap()), "{client}");
        assert_nothing_is_left(&sandbox);
    }
}

#[test]
fn what_a_client_does_not_expand_or_keeps_to_itself_is_said() {
    let text = json!({"mcpServers": {
        "web": {"command": "tells", "args": ["$NOT_SET", "~/x"], "env": {"E": "1"}},
        "needs": {"command": "sh", "args": ["-c", "echo MY_TOKEN is missing >&2; exit 1"]},
    }});
    let sandbox = sandbox(".gemini/settings.json", &text.to_string());
    let all = servers(&ask(&sandbox, "gemini", &["--json"]).expect_code(1));
    let messages = |name: &str| all[name]["findings"].to_string();
    assert_eq!(codes(&all["web"]), ["unexpanded", "unexpanded", "exited"], "{:#}", all["web"]);
    assert!(messages("web").contains("NOT_SET in argument 1 is not set here: Gemini CLI hands it on as it is written"));
    assert!(messages("web").contains("~ in argument 2 is no home directory to Gemini CLI"));
    assert!(messages("needs").contains("MY_TOKEN is set here, and Gemini CLI does not hand it on to servers"));
}

#[test]
fn wrapped_disabled_defined_and_remote_entries_are_told_apart() {
    let text = json!({"mcpServers": {
        "my server": {"command": env!("CARGO_BIN_EXE_mcp-hook"), "args": ["run", "my-server", "--", "tells"]},
        "my-server": {"command": "tells"},
        "off": {"command": "sh", "args": ["-c", "touch ~/ran"], "disabled": true},
        "defined": {"command": env!("CARGO_BIN_EXE_mcp-hook"), "args": ["run", "web"]},
        "undefined": {"command": env!("CARGO_BIN_EXE_mcp-hook"), "args": ["run", "nothing"]},
        "far": {"url": "https://example.com/mcp"},
        "asks": {"command": "tells", "env": {"KEY": "${input:key}"}},
        "wrong": {"command": ["tells"]},
        "no-hook": {"command": "/no/mcp-hook", "args": ["run", "x", "--", "tells"]},
    }});
    let sandbox = sandbox(".cursor/mcp.json", &text.to_string());
    define(&sandbox, &[("web".to_owned(), json!({"command": "tells"}))].into_iter().collect());
    let all = servers(&ask(&sandbox, "cursor", &["--json"]).expect_code(1));
    let found: Vec<(&str, Vec<&str>)> = all.iter().map(|(name, server)| (name.as_str(), codes(server))).collect();
    assert_eq!(
        found,
        [
            ("asks", vec!["not-asked"]),
            ("defined", vec!["exited"]),
            ("far", vec!["not-asked"]),
            ("my server", vec!["exited"]),
            ("my-server", vec!["exited"]),
            ("no-hook", vec!["not-found"]),
            ("off", vec!["not-asked"]),
            ("undefined", vec!["invalid-definition"]),
            ("wrong", vec!["invalid-definition"]),
        ],
        "{all:#?}"
    );
    assert!(!sandbox.home().join("ran").exists(), "a disabled one is not started");
    let one = ask(&sandbox, "cursor", &["off"]).ok();
    assert!(one.stdout.starts_with("○ off\n    not-asked: Cursor does not use it"), "{one}");
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_projects_file_starts_nothing_before_it_is_allowed_and_comes_before_the_users() {
    let sandbox = sandbox(
        ".claude.json",
        &json!({"mcpServers": {"mine": {"command": "tells"}, "own": {"command": "tells"}}}).to_string(),
    );
    let project = json!({"mcpServers": {"mine": {"command": "sh", "args": ["-c", "touch ran; exit 1"]}}}).to_string();
    sandbox.write("p/.mcp.json", &project);
    sandbox.write("p/.cursor/mcp.json", &project);
    let run = |words: &[&str]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        sandbox.run(command.args(words).current_dir(sandbox.path("p")).stdin(Stdio::null()))
    };
    let check = |client| servers(&run(&["check", "--connect", "--json", "--client", client]).expect_code(1));
    let before = check("claude-code");
    assert_eq!((codes(&before["mine"]), codes(&before["own"])), (vec!["not-allowed"], vec!["exited"]));
    assert_eq!(codes(&check("cursor")["mine"]), ["not-allowed"]);
    assert!(!sandbox.path("p/ran").exists());
    run(&["allow", "--yes"]).ok();
    assert_eq!(codes(&check("claude-code")["mine"]), ["exited"]);
    assert!(sandbox.path("p/ran").exists());
    assert_eq!(codes(&check("cursor")["mine"]), ["not-allowed"], "another file was not allowed");
}

#[test]
fn what_is_not_there_is_an_error() {
    let sandbox = sandbox(".cursor/mcp.json", "{");
    let output = ask(&sandbox, "cursor", &["--json"]).expect_code(1);
    assert!(output.stdout.contains("invalid-definition"), "{output}");
    let output = ask(&sandbox, "cursor", &["zzz"]).expect_code(1);
    assert!(output.stderr.contains("could not check zzz: Cursor has no server of this name"), "{output}");
    let output = ask(&sandbox, "zed", &[]).expect_code(1);
    assert!(output.stderr.contains("could not check the servers of Zed: no file of it was found"), "{output}");
    ask(&sandbox, "nobody", &[]).expect_code(2);
}
