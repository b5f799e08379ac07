//! What is said of definitions that cannot be started.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};

use super::Stage;

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let mut stage = Stage::new(&[("LEVEL", "loud"), ("KEY", "0123456789"), ("NAMELESS", "")]);
    stage.variables.insert("BYTES".into(), OsString::from_vec(vec![0xff]));
    stage.write("config.json", r#"{"servers": {"pve1": {"token_env_var": "PVE_TOKEN"}, "pve2": {"host": "b"}}}"#);
    insta::assert_snapshot!(stage.refused(&json!({
        "command": "${NO}", "args": ["${NO} ${OTHER}", "${", "${1}", "${MCP_PORT}", "${BYTES}"],
        "env": { "A": "${NO}", "TOKEN": "${TOKEN}" }, "cwd": "${MCP_PORT}/${KEY}", "url": "${URL}",
        "headers": { "H": "${HEADER}" },
        "hook": {
            "environmentVariables": [
                { "name": "TOKEN", "description": "the API token", "isRequired": true, "isSecret": true },
                { "name": "LEVEL", "description": "how much is logged", "choices": ["debug", "info"] },
                { "name": "KEY", "isSecret": true, "choices": ["a", "b"] },
                { "name": "NAMELESS", "isRequired": true },
                { "name": "MISSING", "description": "needed", "isRequired": true },
            ],
            "config": {
                "source": "config.json",
                "required": ["servers.*.host", "servers.*.password_env_var"],
                "env": ["servers.*.token_env_var", "servers.*.password_env_var"],
            },
        },
    })), @r#"
    could not start web (unexpanded, invalid-definition):
      NO is not set (used in command, args[0], env.A)
      OTHER is not set (used in args[0])
      args[1]: ${ is not closed by }
      args[2]: ${1} does not name a variable
      args[3]: ${MCP_PORT} needs hook.port
      BYTES is not valid UTF-8
      TOKEN is not set (used in env.TOKEN): the API token
      cwd: ${MCP_PORT} needs hook.port
      URL is not set (used in url)
      HEADER is not set (used in headers.H)
      LEVEL is none of debug, info: how much is logged
      KEY is none of a, b
      NAMELESS is empty
      MISSING is not set: needed
      DIR/config.json: servers.pve1.host is missing
      DIR/config.json: servers.pve1.password_env_var is missing
      DIR/config.json: servers.pve2.password_env_var is missing
      DIR/config.json: servers.pve1.token_env_var names PVE_TOKEN, which is not set
      DIR/config.json: servers.pve2.token_env_var is missing
      cwd: it holds KEY, which is secret, and paths are shown
    hint: set it where mcp-hook is called; an MCP client may hand on only what its own "env" says
    "#);
}

/// A stage with configurations.
fn stage() -> Stage {
    let stage = Stage::new(&[("SECRET", "s3cret"), ("EMPTY", "")]);
    stage.write(
        "config.json",
        r#"{"env": "SECRET", "empty": "EMPTY", "password": "hunter2", "number": 5, "bad\u001bkey": null}"#,
    );
    stage.write("broken.json", "{\n  \"a\": 1,\n}\n");
    stage
}

/// What is said of a server with this configuration.
fn said(stage: &Stage, config: &Value) -> String {
    stage.refused(&json!({ "command": "x", "hook": { "config": config } }))
}

#[test]
fn one_thing_that_is_wrong_is_said_in_one_line() {
    let stage = stage();
    let listed = json!([{ "name": "SECRET", "isSecret": true }]);
    insta::assert_snapshot!(stage.refused(&json!({ "command": "${EMPTY}" })), @"
    could not start web: command: it is empty once it is expanded (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(stage.refused(&json!({ "command": "x", "args": ["${A}", "${A}", "${A}${A}"] })), @r#"
    could not start web: A is not set (used in args[0], args[1], args[2]) (unexpanded)
    hint: set it where mcp-hook is called; an MCP client may hand on only what its own "env" says
    "#);
    insta::assert_snapshot!(stage.refused(&json!({ "url": "https://example.org" })), @r#"
    could not start web: DIR/servers.json says where it is, not what to start
    hint: give it a "command", or have clients reach it at its "url"
    "#);
    insta::assert_snapshot!(stage.refused(&json!({ "command": "x", "cwd": "${SECRET}", "hook": { "config": { "source": "config.json", "env": ["env"] } } })), @"
    could not start web: cwd: it holds SECRET, which is secret, and paths are shown (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(stage.refused(&json!({ "command": "x", "hook": { "environmentVariables": listed, "config": { "source": "${SECRET}" } } })), @"
    could not start web: hook.config.source: it holds SECRET, which is secret, and paths are shown (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(stage.refused(&json!({ "command": "x", "args": ["${A}"], "hook": { "environmentVariables": [{ "name": "A", "description": "tells\n\u{1b}[2J s3cret" }, { "name": "SECRET", "isSecret": true }] } })), @r#"
    could not start web: A is not set (used in args[0]): tells\n\u{1b}[2J *** (unexpanded)
    hint: set it where mcp-hook is called; an MCP client may hand on only what its own "env" says
    "#);
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_with_file_and_place() {
    let stage = stage();
    insta::assert_snapshot!(said(&stage, &json!({ "source": "nowhere.json" })), @"
    could not start web: DIR/nowhere.json: there is no such file (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(said(&stage, &json!({ "source": "." })), @r"
    could not start web: DIR: it is not a regular file (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(said(&stage, &json!({ "source": "broken.json" })), @"
    could not start web: DIR/broken.json: line 3, column 1: trailing comma (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(said(&stage, &json!({ "source": "${MCP_SESSION_ID}.json" })), @"
    could not start web: hook.config.source: ${MCP_SESSION_ID} is not known there (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(said(&stage, &json!({ "source": "config.json", "required": ["a..b"], "env": ["a\\"] })), @r#"
    could not start web (invalid-definition):
      hook.config.required[0]: "a..b" is not a path: a part of it is empty
      hook.config.env[0]: "a\\" is not a path: it ends with a backslash
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    "#);
    insta::assert_snapshot!(said(&stage, &json!({ "source": "config.json", "required": ["bad\u{1b}key"] })), @r#"
    could not start web: DIR/config.json: bad\u{1b}key is missing (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    "#);
    insta::assert_snapshot!(said(&stage, &json!({ "source": "config.json", "env": ["empty"] })), @r#"
    could not start web: DIR/config.json: empty names EMPTY, which is empty (invalid-definition)
    hint: set it where mcp-hook is called, or under "env" of web in DIR/servers.json
    "#);
    insta::assert_snapshot!(said(&stage, &json!({ "source": "config.json", "env": ["number"] })), @"
    could not start web: DIR/config.json: number is not the name of a variable (invalid-definition)
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
    insta::assert_snapshot!(said(&stage, &json!({ "source": "config.json", "env": ["password"] })), @r#"
    could not start web: DIR/config.json: password names a variable, which is not set (invalid-definition)
    hint: set it where mcp-hook is called, or under "env" of web in DIR/servers.json
    "#);
}
