//! What files mean, and what is said of those that mean nothing.

use std::fmt::Write;
use std::path::Path;

mod edit;
mod mistakes;

use super::entry::{Definition, ServerKind};
use super::parse::{EntryContent, ServerEntry, entries};
use crate::server::health::HealthCheck;
use crate::server::settings::{
    LauncherPolicy, LogLimits, PortChoice, PortWish, Ready, ReadyWhen, Restart, Settings, StopSignal,
};

fn read(text: &str) -> Vec<ServerEntry> {
    entries(Path::new("servers.json"), text).expect("a document")
}

/// The definition that an entry `web` with this text is.
fn web(entry: &str) -> anyhow::Result<EntryContent> {
    read(&format!("{{\"mcpServers\": {{\"web\": {entry}}}}}")).remove(0).content
}

fn server(entry: &str) -> Definition {
    match web(entry).expect("a server") {
        EntryContent::Server(definition) => *definition,
        EntryContent::Client => panic!("it is for clients: {entry}"),
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
    let ServerKind::Program { command, args, env, cwd } = &found.kind else { panic!("it is a program") };
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
            "log": {"size": "1MiB", "keep": 0}, "sample": "off", "terminal": false, "launcher": "as-written",
            "health": {"every": "10s", "timeout": "2s", "failures": 5},
            "watch": ["server.py", "src/**/*.py"], "idle": "30m",
            "environmentVariables": [{"name": "T", "isRequired": true, "isSecret": true, "default": "d",
                "choices": ["a", "b"], "description": "why", "format": "string", "placeholder": "p"}],
            "config": {"source": "config.json", "required": ["a.*.b"], "env": ["a.*.c"]}}}"#,
    );
    let expected = Settings {
        grace_ms: Some(10_000),
        stop_signal: StopSignal::SigInt,
        terminal: false,
        relay: true,
        exact: false,
        launcher: LauncherPolicy::AsWritten,
        restart: Restart::Always,
        ready: Ready { when: ReadyWhen::Log("listening on \\d+".into()), timeout_ms: 60_000 },
        health: Some(HealthCheck { every_ms: 10_000, timeout_ms: 2_000, failures: 5 }),
        port: Some(PortWish { number: PortChoice::Prefer(8000), variable: Some("PORT".into()) }),
        memory: Some(2 << 30),
        log: LogLimits { size: 1 << 20, keep: 0 },
        sample_ms: None,
        watch: vec!["server.py".into(), "src/**/*.py".into()],
        idle_ms: Some(1_800_000),
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
    let mcp = |is_so| settings(&format!(r#"{{"port": 1, "ready": {{"mcp": {is_so}}}}}"#)).ready.when;
    assert_eq!((mcp(true), mcp(false)), (ReadyWhen::Mcp, ReadyWhen::Usual));
    assert_eq!(settings(r#"{"port": 1, "health": {}}"#).health, Some(HealthCheck::default()));
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
        assert!(matches!(web(entry), Ok(EntryContent::Client)), "{entry}");
    }
    for entry in [r#"{"url": "https://${MCP_HOST}/mcp"}"#, r#"{"url": "https://example.org/mcp", "type": "sse"}"#] {
        assert!(matches!(server(entry).kind, ServerKind::Remote), "{entry}");
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
    could not read /p/servers.json: it must be an object, not a list
    could not read /p/servers.json: mcpServers: must be an object, not a list
    could not read /p/servers.json: EOF while parsing an object at line 1 column 1
    could not read /p/servers.json: trailing characters at line 1 column 4
    could not read /p/servers.json: EOF while parsing a value at line 1 column 3
    ");
}
