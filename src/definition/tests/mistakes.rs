//! What is said of every mistake that an entry can have.

use std::fmt::Write;

use super::web;

#[test]
fn every_mistake_is_named_with_file_and_key() {
    let mut said = String::new();
    for entry in MISTAKES {
        let error = web(entry).expect_err(entry);
        let _ = writeln!(said, "{error:#}");
    }
    let said = said.replace("could not read servers.json: mcpServers.", "");
    insta::assert_snapshot!(said, @r#"
    web: must be an object, not null
    web: must be an object, not a list
    web: must have "command" or "url"
    web: must have "command"
    web: must have "url" or "command"
    web.type: must be "stdio", "http", "sse" or "streamable-http", not "ws"
    web.type: must be "stdio", "http", "sse" or "streamable-http", not a number
    web.command: must not be empty
    web.command: must be a string, not a list
    web.args: must be a list, not a string
    web.args[1]: must be a string, not a number
    web.args[0]: must not contain a NUL character
    web.env.A: must be a string, not a number
    web.env."A=B": cannot be the name of an environment variable
    web.env: must be an object, not a list
    web.cwd: must be a string, not true or false
    web.url: must not be empty
    web.headers.Authorization: must be a string, not null
    "#);
}

#[test]
fn every_mistake_about_questions_to_a_server_is_named() {
    let said = said_of(MISTAKES_ABOUT_QUESTIONS);
    insta::assert_snapshot!(said, @r#"
    hook.ready: must not have both "log" and "mcp"
    hook.ready: must not have both "delay" and "mcp"
    hook.ready.mcp: must be true or false, not a string
    hook.ready.mcp: must stand beside "port": a server is asked on its port
    hook.health: must stand beside "port": a server is asked on its port; one on standard input is started again when it ends
    hook.health: must be an object, not true or false
    hook.health.evry: there is no such key; did you mean "every"?
    hook.health.every: must be from 1s to 1day, not "0s"
    hook.health.every: must be from 1s to 1day, not "500ms"
    hook.health.timeout: must be from 1ms to 1day, not "0s"
    hook.health.timeout: must be a time such as "2s" or "500ms", not a number
    hook.health.failures: must be a whole number from 1 to 100, not 0
    hook.health.failures: must be a whole number from 1 to 100, not 101
    "#);
}

#[test]
fn every_mistake_under_hook_is_named_with_file_and_key() {
    let said = said_of(HOOK_MISTAKES);
    insta::assert_snapshot!(said, @r#"
    hook: must be an object, not true or false
    hook.restrat: there is no such key; did you mean "restart"?
    hook.auto_start: there is no such key; did you mean "autostart"?
    hook.frobnicate: there is no such key; those there are: autostart, config, environmentVariables, exact, health, idle, launcher, log, memory, port, ready, relay, restart, sample, stop, terminal, watch
    hook.autostart: must be true or false, not a string
    hook.port: must be "auto" or a number from 1 to 65535, not "8000"
    hook.port: must be a whole number from 1 to 65535, not 0
    hook.port: must be a whole number from 1 to 65535, not 65536
    hook.port: must be a whole number from 1 to 65535, not 1.5
    hook.port: must be a whole number from 1 to 65535, not true or false
    hook.port: must not have both "prefer" and "number"
    hook.port.prefered: there is no such key; did you mean "prefer"?
    hook.port.prefer: must be a whole number from 1 to 65535, not a string
    hook.port.env: must not be empty
    hook.port.env: cannot be the name of an environment variable
    hook.ready: must be an object, not a string
    hook.ready.log: must be a regular expression: found open group without closing ')'
    hook.ready: must not have both "log" and "delay"
    hook.ready.delay: must be a time such as "2s" or "500ms", not a number
    hook.ready.delay: must be a time such as "2s" or "500ms", not "soon"
    hook.ready.timeout: must be from 1ms to 1day, not "0s"
    hook.ready.timout: there is no such key; did you mean "timeout"?
    hook.restart: must be "no", "on-failure" or "always", not "never"
    hook.restart: must be "no", "on-failure" or "always", not true or false
    hook.stop.signal: must be "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1" or "SIGUSR2", not "SIGKILL"
    hook.stop.grace: must be from 0s to 1day, not "2days"
    hook.stop.Signal: there is no such key; did you mean "signal"?
    hook.memory: must be a size such as "512MiB" or "2GiB", or a number of bytes, not "2 gigs"
    hook.memory: must be a size such as "512MiB" or "2GiB", or a number of bytes, not -1
    hook.memory: must be a size such as "512MiB" or "2GiB", or a number of bytes, not "99999999999TiB"
    hook.memory: must be at least 1 MiB, not 1000
    hook.memory: must be a size such as "512MiB" or "2GiB", or a number of bytes, not null
    hook.log.size: must be at least 4 KiB, not "1KiB"
    hook.log.keep: must be a whole number from 0 to 100, not 101
    hook.log.kept: there is no such key; did you mean "keep"?
    hook.sample: must be a time such as "2s" or "500ms", not "on"
    hook.sample: must be from 1s to 1day, not "10ms"
    hook.sample: must be a time such as "2s" or "500ms", not a number
    hook.terminal: must be true or false, not a number
    hook.environmentVariables: must be a list, not an object
    hook.environmentVariables[0]: must have "name"
    hook.environmentVariables[1].name: must not be empty
    hook.environmentVariables[0].required: there is no such key; did you mean "isRequired"?
    hook.environmentVariables[0].choices[0]: must be a string, not a number
    hook.environmentVariables[0].default: must be a string, not a number
    hook.config: must be an object, not a string
    hook.config: must have "source"
    hook.config.source: must not be empty
    hook.config.required: must be a list, not a string
    hook.config.envs: there is no such key; did you mean "env"?
    "#);
}

#[test]
fn every_mistake_about_files_and_rest_is_named_with_file_and_key() {
    insta::assert_snapshot!(said_of(REST_MISTAKES), @r#"
    hook.watch: must be a list, not a string
    hook.watch[1]: must not be empty
    hook.launcher: must be "pinned", "direct" or "as-written", not "always"
    hook.idle: must be a time such as "2s" or "500ms", not a number
    hook.idle: must be from 1ms to 1day, not "0s"
    hook.idle: must not stand beside "relay": false, with which no message is seen
    "#);
}

/// What is said of an entry with each of these under `hook`.
fn said_of(hooks: &[&str]) -> String {
    let mut said = String::new();
    for hook in hooks {
        let error = web(&format!("{{\"command\": \"x\", \"hook\": {hook}}}")).expect_err(hook);
        let _ = writeln!(said, "{error:#}");
    }
    said.replace("could not read servers.json: mcpServers.web.", "")
}

const MISTAKES: &[&str] = &[
    "null",
    "[]",
    "{}",
    r#"{"type": "stdio", "url": "http://a"}"#,
    r#"{"type": "http"}"#,
    r#"{"type": "ws", "url": "ws://a"}"#,
    r#"{"type": 1, "command": "x"}"#,
    r#"{"command": ""}"#,
    r#"{"command": ["npx"]}"#,
    r#"{"command": "x", "args": "y"}"#,
    r#"{"command": "x", "args": ["y", 2]}"#,
    r#"{"command": "x", "args": ["y\u0000"]}"#,
    r#"{"command": "x", "env": {"A": 1}}"#,
    r#"{"command": "x", "env": {"A=B": "1"}}"#,
    r#"{"command": "x", "env": ["A=1"]}"#,
    r#"{"command": "x", "cwd": true}"#,
    r#"{"url": ""}"#,
    r#"{"url": "http://a", "headers": {"Authorization": null}}"#,
];

const MISTAKES_ABOUT_QUESTIONS: &[&str] = &[
    r#"{"port": 1, "ready": {"log": "x", "mcp": true}}"#,
    r#"{"port": 1, "ready": {"delay": "1s", "mcp": true}}"#,
    r#"{"port": 1, "ready": {"mcp": "yes"}}"#,
    r#"{"ready": {"mcp": true}}"#,
    r#"{"health": {}}"#,
    r#"{"port": 1, "health": true}"#,
    r#"{"port": 1, "health": {"evry": "1s"}}"#,
    r#"{"port": 1, "health": {"every": "0s"}}"#,
    r#"{"port": 1, "health": {"every": "500ms"}}"#,
    r#"{"port": 1, "health": {"timeout": "0s"}}"#,
    r#"{"port": 1, "health": {"timeout": 5}}"#,
    r#"{"port": 1, "health": {"failures": 0}}"#,
    r#"{"port": 1, "health": {"failures": 101}}"#,
];

const HOOK_MISTAKES: &[&str] = &[
    "true",
    r#"{"restrat": "no"}"#,
    r#"{"auto_start": true}"#,
    r#"{"frobnicate": 1}"#,
    r#"{"autostart": "yes"}"#,
    r#"{"port": "8000"}"#,
    r#"{"port": 0}"#,
    r#"{"port": 65536}"#,
    r#"{"port": 1.5}"#,
    r#"{"port": true}"#,
    r#"{"port": {"prefer": 1, "number": 2}}"#,
    r#"{"port": {"prefered": 1}}"#,
    r#"{"port": {"prefer": "auto"}}"#,
    r#"{"port": {"env": ""}}"#,
    r#"{"port": {"env": "A=B"}}"#,
    r#"{"ready": "log"}"#,
    r#"{"ready": {"log": "("}}"#,
    r#"{"ready": {"log": "x", "delay": "1s"}}"#,
    r#"{"ready": {"delay": 2}}"#,
    r#"{"ready": {"delay": "soon"}}"#,
    r#"{"ready": {"timeout": "0s"}}"#,
    r#"{"ready": {"timout": "1s"}}"#,
    r#"{"restart": "never"}"#,
    r#"{"restart": false}"#,
    r#"{"stop": {"signal": "SIGKILL"}}"#,
    r#"{"stop": {"grace": "2days"}}"#,
    r#"{"stop": {"Signal": "SIGINT"}}"#,
    r#"{"memory": "2 gigs"}"#,
    r#"{"memory": -1}"#,
    r#"{"memory": "99999999999TiB"}"#,
    r#"{"memory": 1000}"#,
    r#"{"memory": null}"#,
    r#"{"log": {"size": "1KiB"}}"#,
    r#"{"log": {"keep": 101}}"#,
    r#"{"log": {"kept": 1}}"#,
    r#"{"sample": "on"}"#,
    r#"{"sample": "10ms"}"#,
    r#"{"sample": 60}"#,
    r#"{"terminal": 1}"#,
    r#"{"environmentVariables": {}}"#,
    r#"{"environmentVariables": [{"isRequired": true}]}"#,
    r#"{"environmentVariables": [{"name": "A"}, {"name": ""}]}"#,
    r#"{"environmentVariables": [{"name": "A", "required": true}]}"#,
    r#"{"environmentVariables": [{"name": "A", "choices": [1]}]}"#,
    r#"{"environmentVariables": [{"name": "A", "default": 1}]}"#,
    r#"{"config": "config.json"}"#,
    r#"{"config": {}}"#,
    r#"{"config": {"source": ""}}"#,
    r#"{"config": {"source": "c", "required": "a"}}"#,
    r#"{"config": {"source": "c", "envs": ["a"]}}"#,
];

const REST_MISTAKES: &[&str] = &[
    r#"{"watch": "src"}"#,
    r#"{"watch": ["src", ""]}"#,
    r#"{"launcher": "always"}"#,
    r#"{"idle": 30}"#,
    r#"{"idle": "0s"}"#,
    r#"{"idle": "30m", "relay": false}"#,
];
