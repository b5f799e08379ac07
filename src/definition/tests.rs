//! What files mean, and what is said of those that mean nothing.

use std::fmt::Write;
use std::path::Path;

use super::entry::{Definition, Kind};
use super::parse::{Content, Entry, entries};
use crate::server::settings::{LogLimits, PortChoice, PortWish, Ready, ReadyWhen, Restart, Settings, StopSignal};

fn read(text: &str) -> Vec<Entry> {
    entries(Path::new("servers.json"), text).expect("a document")
}

/// The definition that an entry `web` with this text is.
fn web(entry: &str) -> anyhow::Result<Content> {
    read(&format!("{{\"mcpServers\": {{\"web\": {entry}}}}}")).remove(0).content
}

fn server(entry: &str) -> Definition {
    match web(entry).expect("a server") {
        Content::Server(definition) => *definition,
        Content::Client => panic!("it is for clients: {entry}"),
    }
}

fn settings(hook: &str) -> Settings {
    server(&format!("{{\"command\": \"x\", \"hook\": {hook}}}")).hook.settings
}

#[test]
fn an_entry_as_clients_write_it_is_read_whole() {
    let found = server(
        r#"{"type": "stdio", "command": "npx", "args": ["-y", "x"], "env": {"A": "${B}"}, "cwd": "/tmp",
            "url": "http://127.0.0.1:${MCP_PORT}/mcp", "headers": {"H": "v"}, "disabled": false, "$x": [1]}"#,
    );
    let Kind::Program { command, args, env, cwd } = &found.kind else { panic!("it is a program") };
    assert_eq!(
        (command.as_str(), args.as_slice(), cwd.as_deref()),
        ("npx", &["-y".into(), "x".into()][..], Some("/tmp"))
    );
    assert_eq!((env["A"].as_str(), found.headers["H"].as_str()), ("${B}", "v"));
    assert_eq!(found.url.as_deref(), Some("http://127.0.0.1:${MCP_PORT}/mcp"));
    assert_eq!((found.hook.settings, found.hook.autostart), (Settings::default(), false));
}

#[test]
fn every_setting_is_read() {
    let found = server(
        r#"{"command": "x", "hook": {
            "autostart": true, "port": {"prefer": 8000, "env": "PORT"}, "restart": "always", "memory": "2GiB",
            "ready": {"log": "listening on \\d+", "timeout": "1m"}, "stop": {"signal": "SIGINT", "grace": "10s"},
            "log": {"size": "1MiB", "keep": 0}, "sample": "off", "terminal": false,
            "environmentVariables": [{"name": "T", "isRequired": true, "isSecret": true, "default": "d",
                "choices": ["a", "b"], "description": "why", "format": "string", "placeholder": "p"}],
            "config": {"source": "config.json", "required": ["a.*.b"], "env": ["a.*.c"]}}}"#,
    );
    let expected = Settings {
        grace_ms: Some(10_000),
        stop_signal: StopSignal::SigInt,
        terminal: false,
        restart: Restart::Always,
        ready: Ready { when: ReadyWhen::Log("listening on \\d+".into()), timeout_ms: 60_000 },
        port: Some(PortWish { number: PortChoice::Prefer(8000), variable: Some("PORT".into()) }),
        memory: Some(2 << 30),
        log: LogLimits { size: 1 << 20, keep: 0 },
        sample_ms: None,
    };
    assert_eq!(found.hook.settings, expected);
    assert!(found.hook.autostart);
    let variable = &found.hook.variables[0];
    assert!(variable.is_required && variable.is_secret && variable.choices == ["a", "b"]);
    assert_eq!((variable.default.as_deref(), variable.description.as_deref()), (Some("d"), Some("why")));
    let config = found.hook.config.expect("a config");
    assert_eq!((config.source.as_str(), &*config.required[0], &*config.env[0]), ("config.json", "a.*.b", "a.*.c"));
}

#[test]
fn ports_sizes_and_times_have_several_forms() {
    for (text, number) in [
        ("\"auto\"", PortChoice::Auto),
        ("8000", PortChoice::Fixed(8000)),
        ("{\"number\": 1}", PortChoice::Fixed(1)),
        ("{\"number\": \"auto\"}", PortChoice::Auto),
        ("{\"prefer\": 65535}", PortChoice::Prefer(65535)),
        ("{}", PortChoice::Auto),
    ] {
        let wish = settings(&format!("{{\"port\": {text}}}")).port.expect("a port");
        assert_eq!(wish, PortWish { number, variable: None }, "{text}");
    }
    for (text, size) in [
        ("\"2GiB\"", 2 << 30),
        ("\"1.5 GiB\"", 3 << 29),
        ("\"512mib\"", 512 << 20),
        ("\"2MB\"", 2_000_000),
        ("5000000", 5_000_000),
        ("\"5000000\"", 5_000_000),
    ] {
        assert_eq!(settings(&format!("{{\"memory\": {text}}}")).memory, Some(size), "{text}");
    }
    let delay = settings(r#"{"ready": {"delay": "1s 500ms"}}"#).ready;
    assert_eq!(delay, Ready { when: ReadyWhen::Delay(1500), timeout_ms: 30_000 });
    assert_eq!(settings(r#"{"sample": "10s"}"#).sample_ms, Some(10_000));
}

#[test]
fn what_a_client_uses_to_reach_us_defines_nothing() {
    for entry in [
        r#"{"command": "mcp-hook", "args": ["run", "web"]}"#,
        r#"{"command": "/home/me/.cargo/bin/mcp-hook", "args": ["run", "web", "--", "npx", "x"]}"#,
        r#"{"type": "http", "url": "${MCP_WEB_URL}"}"#,
        r#"{"url": "http://localhost:${MCP_WEB_PORT:-3000}/mcp"}"#,
    ] {
        assert!(matches!(web(entry), Ok(Content::Client)), "{entry}");
    }
    for entry in [r#"{"url": "https://${MCP_HOST}/mcp"}"#, r#"{"url": "https://example.org/mcp", "type": "sse"}"#] {
        assert!(matches!(server(entry).kind, Kind::Remote), "{entry}");
    }
}

#[test]
fn one_bad_entry_does_not_hide_the_others() {
    let found = read(
        r#"{"mcpServers": {"z": {"command": 1}, "good": {"command": "x"}, "two words": {"command": "x"},
        "a": {"command": "x"}, "a": {"command": "y"}}, "other": true}"#,
    );
    let lines = found.iter().map(|entry| match &entry.content {
        Ok(_) => format!("{}: good\n", entry.name),
        Err(error) => format!("{error:#}\n"),
    });
    insta::assert_snapshot!(lines.collect::<String>(), @r#"
    could not read servers.json: mcpServers.z.command: must be a string, not a number
    good: good
    could not read servers.json: mcpServers."two words": server name "two words" is not 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit in front
    could not read servers.json: mcpServers.a: stands there more than once
    "#);
}

#[test]
fn a_file_without_servers_is_no_mistake() {
    for text in ["", " \n", "{}", "\u{feff}{\"other\": 1}", "{\"mcpServers\": {}}"] {
        assert!(read(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_file_that_is_no_document_says_where() {
    let mut said = String::new();
    for text in ["{\n  \"mcpServers\": {\n    \"a\": {},\n  }\n}", "[]", "{\"mcpServers\": []}", "{", "{} x", "nul"] {
        let error = entries(Path::new("/p/servers.json"), text).expect_err(text);
        let _ = writeln!(said, "{error:#}");
    }
    insta::assert_snapshot!(said, @r"
    could not read /p/servers.json: trailing comma at line 4 column 3
    could not read /p/servers.json: the file: must be an object, not a list
    could not read /p/servers.json: mcpServers: must be an object, not a list
    could not read /p/servers.json: EOF while parsing an object at line 1 column 1
    could not read /p/servers.json: trailing characters at line 1 column 4
    could not read /p/servers.json: EOF while parsing a value at line 1 column 3
    ");
}

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
fn every_mistake_under_hook_is_named_with_file_and_key() {
    let mut said = String::new();
    for hook in HOOK_MISTAKES {
        let error = web(&format!("{{\"command\": \"x\", \"hook\": {hook}}}")).expect_err(hook);
        let _ = writeln!(said, "{error:#}");
    }
    let said = said.replace("could not read servers.json: mcpServers.web.", "");
    insta::assert_snapshot!(said, @r#"
    hook: must be an object, not true or false
    hook.restrat: there is no such key; did you mean "restart"?
    hook.auto_start: there is no such key; did you mean "autostart"?
    hook.frobnicate: there is no such key; those there are: autostart, config, environmentVariables, log, memory, port, ready, restart, sample, stop, terminal
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
    hook.memory: must be at least 1024 KiB, not 1000
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
