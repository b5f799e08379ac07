//! `check`: everything that would keep servers from being started, without starting anything.

use serde_json::json;

use super::{said, transcript};
use crate::support::DefinedSession;
use crate::support::defined_session::write_user;
use crate::support::defined_session::{define, entry};
use crate::support::port::free_port;
use crate::support::{Sandbox, Stranger};

const USER: &str = r#"{"mcpServers": {
        "good": {"command": "sh", "hook": {"environmentVariables": [{"name": "TOKEN", "description": "the API token"}]}},
        "proxmox": {"command": "no-such-program", "args": ["${HOST}", "${TOKEN}"], "hook": {
            "environmentVariables": [{"name": "LEVEL", "description": "how much is logged", "isRequired": true}],
            "config": {"source": "config.json", "required": ["servers.*.host"], "env": ["servers.*.password_env_var"]}}},
        "broken": {"command": "sh", "hook": {"config": {"source": "broken.json"}}},
        "typo": {"command": "sh", "hook": {"enviromentVariables": []}},
        "nowhere": {"command": "sh", "cwd": "${HOME}/nowhere"},
        "file": {"command": "./no-program", "cwd": "."},
        "absent": {"command": "/no/such/program"},
        "remote": {"url": "https://${UNSET}/mcp", "headers": {"Authorization": "${UNSET}"}}
    }}"#;

#[test]
fn every_problem_of_every_server_is_said_at_once_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    sandbox.unset("MCP_HOOK_DIR");
    sandbox.env("TOKEN", "your-token-here");
    sandbox.write("home/.config/mcp-hook/config.json", "{\"servers\": {\"pve1\": {}}}");
    sandbox.write("home/.config/mcp-hook/broken.json", "{\n\"a\" 1}");
    sandbox.write("home/.config/mcp-hook/no-program", "");
    write_user(&sandbox, USER);
    sandbox.write("p/.mcp.json", r#"{"mcpServers": {"mine": {"command": "nothing-here"}}}"#);
    insta::assert_snapshot!(transcript(&sandbox, "p", &["check"]), @r#"
    $ check
    ✓ mine
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ good
        warning: TOKEN looks like a placeholder: the API token
    ✗ proxmox
        HOST is not set (used in args[0])
        LEVEL is not set: how much is logged
        /home/.config/mcp-hook/config.json: servers.pve1.host is missing
        /home/.config/mcp-hook/config.json: servers.pve1.password_env_var is missing
        command: there is no program no-such-program on PATH
    ✗ broken
        /home/.config/mcp-hook/broken.json: line 2, column 5: expected `:`
    ✗ typo
        mcpServers.typo.hook.enviromentVariables: there is no such key; did you mean "environmentVariables"?
        hint: correct it in /home/.config/mcp-hook/servers.json; the other servers there count all the same
    ✗ nowhere
        cwd: there is no directory ${HOME}/nowhere
    ✗ file
        command: /home/.config/mcp-hook/no-program may not be executed
    ✗ absent
        command: there is no /no/such/program
    ✗ remote
        UNSET is not set (used in url, headers.Authorization)
    [1]
    "#);
    assert!(!sandbox.path("home/.local").exists(), "nothing was made");
}

#[test]
fn some_servers_can_be_checked_and_scripts_read_what_is_wrong() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, USER);
    sandbox.write("home/.config/mcp-hook/broken.json", "{\n\"a\" 1}");
    let lines = ["check good", "check good nowhere", "check zzz", "check --json good broken"];
    insta::assert_snapshot!(transcript(&sandbox, "home", &lines), @r#"
    $ check good
    ✓ good
    [0]
    $ check good nowhere
    ✓ good
    ✗ nowhere
        cwd: there is no directory ${HOME}/nowhere
    [1]
    $ check zzz
    mcp-hook: could not check zzz: it is not defined
    hint: mcp-hook list shows what is defined; /home/.config/mcp-hook/servers.json is yours
    [1]
    $ check --json good broken
    {
      "version": 1,
      "servers": [
        {
          "name": "good",
          "file": "/home/.config/mcp-hook/servers.json",
          "problems": [],
          "warnings": []
        },
        {
          "name": "broken",
          "file": "/home/.config/mcp-hook/servers.json",
          "problems": [
            "/home/.config/mcp-hook/broken.json: line 2, column 5: expected `:`"
          ],
          "warnings": []
        }
      ]
    }
    [1]
    "#);
}

#[test]
fn without_definitions_there_is_nothing_wrong() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(transcript(&sandbox, "home", &["check", "check web"]), @"
    $ check
    no servers are defined; mcp-hook add NAME -- COMMAND defines one
    [0]
    $ check web
    mcp-hook: could not check web: it is not defined
    hint: mcp-hook list shows what is defined; /home/.config/mcp-hook/servers.json is yours
    [1]
    ");
    write_user(&sandbox, "{");
    insta::assert_snapshot!(transcript(&sandbox, "home", &["check", "check web"]), @"
    $ check
    ✗ /home/.config/mcp-hook/servers.json
        EOF while parsing an object at line 1 column 1
    [1]
    $ check web
    mcp-hook: could not check web: could not read /home/.config/mcp-hook/servers.json: EOF while parsing an object at line 1 column 1
    hint: mcp-hook list shows what is defined; /home/.config/mcp-hook/servers.json is yours
    [1]
    ");
}

#[test]
fn a_fixed_port_has_to_be_free_unless_the_server_itself_has_it() {
    let sandbox = Sandbox::new();
    let number = free_port();
    let stranger = Stranger::listen(&sandbox, "127.0.0.1", number);
    define(&sandbox, &json!({ "web": entry(&json!({ "port": number })) }));
    let output = sandbox.hook(["check"]).expect_code(1);
    assert!(output.stdout.contains(&format!("hook.port: port {number} is in use by ")), "{output}");
    drop(stranger);
    sandbox.hook(["check"]).ok();
    let mut session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    session.terminal.run("mcp-hook check").ok();
    session.end();
}

#[test]
fn the_copy_of_the_session_is_checked_too() {
    let sandbox = Sandbox::new();
    define(&sandbox, &json!({ "web": entry(&json!({ "config": { "source": "config.json", "required": ["a"] } })) }));
    sandbox.write("home/.config/mcp-hook/config.json", r#"{"a": 1}"#);
    let mut session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    std::fs::write(session.copy(), "{}").unwrap();
    let output = session.terminal.run("mcp-hook check web").expect_code(1);
    insta::assert_snapshot!(output.stdout.replace(sandbox.root().to_str().unwrap(), "").replace(&session.id, "ID"), @"
    ✗ web
        /run/configs/ID/web-config.json: a is missing
    ");
    insta::assert_snapshot!(said(&sandbox, &sandbox.hook(["check", "web"])), @"
    ✓ web
    [0]
    ");
    session.end();
}

/// What would tell a caller's secret and look into a caller's files.
const CURIOUS: &str = r#"{"mcpServers": {
        "program": {"command": "${GITHUB_TOKEN}"},
        "path": {"command": "./bin/${GITHUB_TOKEN}"},
        "cwd": {"command": "sh", "cwd": "${GITHUB_TOKEN}"},
        "elsewhere": {"command": "sh", "cwd": "/no/such/${GITHUB_TOKEN}"},
        "source": {"command": "sh", "hook": {"config": {"source": "${GITHUB_TOKEN}"}}},
        "choice": {"command": "sh", "hook": {"environmentVariables": [{"name": "GITHUB_TOKEN", "choices": ["a", "b"]}]}},
        "own": {"command": "sh", "env": {"MODE": "c"}, "hook": {"environmentVariables": [{"name": "MODE", "choices": ["a", "b"]}]}},
        "shadow": {"command": "sh", "hook": {"config": {"source": "/etc/passwd"}}},
        "unset": {"command": "sh", "args": ["${NOT_SET_ANYWHERE}"]},
        "form": {"command": "sh", "args": ["${", "${MCP_PORT}"], "cwd": "${MCP_PORT}", "hook": {"config": {"source": "x", "env": ["a..b"]}}}
    }}"#;
const TOKEN: &str = "ghp_0123456789";

#[test]
fn of_a_file_that_is_not_allowed_only_the_form_is_checked() {
    let sandbox = Sandbox::new();
    sandbox.env("GITHUB_TOKEN", TOKEN);
    sandbox.write("p/.mcp.json", CURIOUS);
    insta::assert_snapshot!(transcript(&sandbox, "p", &["check", "check program"]), @r#"
    $ check
    ✓ program
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ path
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ cwd
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ elsewhere
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ source
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ choice
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ own
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ shadow
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✓ unset
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    ✗ form
        args[0]: ${ is not closed by }
        args[1]: ${MCP_PORT} needs hook.port
        cwd: ${MCP_PORT} needs hook.port
        hook.config.env[0]: "a..b" is not a path: a part of it is empty
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    [1]
    $ check program
    ✓ program
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    [0]
    "#);
}

#[test]
fn what_a_variable_holds_is_not_shown_where_it_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.env("GITHUB_TOKEN", TOKEN);
    sandbox.write("p/.mcp.json", CURIOUS);
    super::hook_in(&sandbox, "p", "allow").ok();
    let text = transcript(&sandbox, "p", &["check"]);
    assert!(!text.contains(TOKEN), "{text}");
    insta::assert_snapshot!(text, @r#"
    $ check
    ✗ program
        command: there is no program ${GITHUB_TOKEN} on PATH
    ✗ path
        command: there is no /p/bin/${GITHUB_TOKEN}
    ✗ cwd
        cwd: there is no directory /p/${GITHUB_TOKEN}
    ✗ elsewhere
        cwd: there is no directory /no/such/${GITHUB_TOKEN}
    ✗ source
        /p/${GITHUB_TOKEN}: there is no such file
    ✗ choice
        GITHUB_TOKEN is none of a, b
    ✗ own
        MODE is "c", not one of a, b
    ✗ shadow
        /etc/passwd: line 1, column 1: expected value
    ✗ unset
        NOT_SET_ANYWHERE is not set (used in args[0])
    ✗ form
        args[0]: ${ is not closed by }
        args[1]: ${MCP_PORT} needs hook.port
        cwd: ${MCP_PORT} needs hook.port
        hook.config.env[0]: "a..b" is not a path: a part of it is empty
        /p/x: there is no such file
    [1]
    "#);
    let session = DefinedSession::open(&sandbox);
    for name in ["program", "path", "cwd", "elsewhere", "source", "choice"] {
        for verb in ["start", "run"] {
            let mut command = sandbox.command("mcp-hook");
            command.args([verb, name]).current_dir(sandbox.path("p")).env("MCP_SESSION_ID", &session.id);
            let output = sandbox.run(&mut command);
            assert!(output.code() != 0, "{output}");
            assert!(!output.stderr.contains(TOKEN), "{output}");
        }
    }
    let status = session.hook("status --json").stdout + &session.hook("logs").stdout;
    assert!(!status.contains(TOKEN), "{status}");
    session.end();
}
