//! `--ready-mcp` and `"health"` with servers over HTTP on the official SDKs, and with bridges from HTTP to a server on standard
//! streams: the bridge lives and answers, whatever has become of the server behind it.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::real_servers::World;
use crate::support::{BackgroundSession, Process, wait};

/// Defines servers that are ready by the handshake, and asked every second if nothing else is said of them.
fn define(world: &World, servers: &[(&str, Value)]) {
    let with_hook = |(name, server): &(&str, Value)| {
        let mut server = server.clone();
        if server["hook"].is_null() {
            server["hook"] = json!({"health": {"every": "1s", "timeout": "1m", "failures": 2}});
        }
        server["hook"]["port"] = "auto".into();
        server["hook"]["ready"] = json!({"mcp": true, "timeout": "5m"});
        ((*name).to_owned(), server)
    };
    let all: serde_json::Map<_, _> = servers.iter().map(with_hook).collect();
    world.sandbox.write("home/.config/mcp-hook/servers.json", json!({"mcpServers": all}).to_string());
}

fn server(world: &World, name: &str) -> Value {
    world.sandbox.server(name).expect("it is there")
}

#[track_caller]
fn await_healthy(world: &World, name: &str, restarts: u64) -> Value {
    wait::until("it is healthy", || {
        let server = world.sandbox.server(name)?;
        let is_so = server["health"]["state"] == "ok" && server["state"] == "running" && server["restarts"] == restarts;
        is_so.then_some(server)
    })
}

/// The process of the server `program` behind the bridge `name`.
#[track_caller]
fn behind(world: &World, name: &str, program: &str) -> Process {
    let pid = i32::try_from(server(world, name)["pid"].as_i64().expect("it runs")).unwrap();
    wait::until("there is a server behind it", || {
        let mut below = Process::with_pid(pid)?.descendants().into_iter();
        below.find(|process| is_run_by_its_interpreter(*process, program))
    })
}

fn is_run_by_its_interpreter(process: Process, program: &str) -> bool {
    let line = fs::read_to_string(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
    line.split('\0').nth(1).is_some_and(|script| script.ends_with(program))
}

/// How many times the server says in its log that it was posted something.
fn posts(session: &BackgroundSession<'_>, name: &str) -> usize {
    let log = session.hook("logs", &[name, "-n", "10000"]).ok().stdout;
    log.lines().filter(|line| line.contains("\"POST /mcp HTTP/1.1\" 200") || line.contains("Received MCP POST")).count()
}

#[test]
fn servers_on_the_sdks_are_ready_by_their_handshake_and_stay_healthy() {
    let world = World::new();
    let script = |name: &str| format!("{}/tests/clients/servers/{name}", env!("CARGO_MANIFEST_DIR"));
    let program = |name: &str| world.installed(name);
    let servers = [
        (
            "typescript",
            json!({
                "command": program("node/node_modules/.bin/mcp-server-everything"),
                "args": ["streamableHttp"],
                "env": {"PORT": "${MCP_PORT}"},
            }),
        ),
        (
            "python",
            json!({"command": program("python/bin/python"), "args": [script("sdk_server.py"), "streamable-http"]}),
        ),
        (
            "fastmcp",
            json!({"command": program("servers/python/bin/python"), "args": [script("fastmcp_server.py"), "http"]}),
        ),
    ];
    define(&world, &servers);
    let session = BackgroundSession::open(&world.sandbox);
    for (name, _) in &servers {
        session.hook("start", &[*name]).ok();
        assert_eq!(server(&world, name)["health"]["state"], "ok", "the handshake was its first sign");
    }
    for (name, _) in &servers {
        let asked = posts(&session, name);
        wait::until("it was asked again and again", || (posts(&session, name) >= asked + 3).then_some(()));
        let server = server(&world, name);
        let health = &server["health"];
        assert_eq!(
            (&health["state"], &health["failures"], &server["restarts"]),
            (&json!("ok"), &json!(0), &json!(0)),
            "{server}"
        );
    }
    session.hook("stop", &["--all"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn mcp_proxy_that_answers_for_a_dead_server_is_started_again() {
    let world = World::new();
    let program = "mcp-server-time";
    let words = ["--port", "${MCP_PORT}", "--", "mcp-server-time"];
    let watched = json!({"command": world.installed("proxmox/bin/mcp-proxy"), "args": words});
    let mut unwatched = watched.clone();
    unwatched["hook"] = json!({});
    define(&world, &[("bridge", watched), ("unwatched", unwatched)]);
    let session = BackgroundSession::open(&world.sandbox);
    for name in ["bridge", "unwatched"] {
        session.hook("start", &[name]).ok();
    }

    behind(&world, "unwatched", program).signal(Signal::SIGKILL);
    let asked = world.sandbox.hook(["check", "--connect", "--json", "--url", &url(&world, "unwatched")]);
    let found = &asked.expect_code(1).json()["servers"][0];
    assert!(found["server"]["name"].is_string(), "it answers the handshake for the dead one: {found}");
    assert_eq!(found["findings"][0]["code"], "list-error", "{found}");

    await_healthy(&world, "bridge", 0);
    behind(&world, "bridge", program).signal(Signal::SIGKILL);
    let again = await_healthy(&world, "bridge", 1);
    assert_eq!(again["last_exit"]["reason"], "unhealthy", "{again}");
    let log = session.hook("logs", &["bridge"]).ok().stdout;
    assert!(log.contains("not healthy: it answers tools/list with an error"), "{log}");
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/http_client.py");
    let mut command = world.sandbox.command(world.installed("python/bin/python"));
    let tools = world.sandbox.run(command.args([client, &url(&world, "bridge")])).ok().json();
    assert!(tools.as_array().unwrap().contains(&json!("get_current_time")), "{tools}");
    session.hook("stop", &["--all"]).ok();
    session.assert_only_shell_left();
}

fn url(world: &World, name: &str) -> String {
    format!("http://127.0.0.1:{}/mcp", server(world, name)["port"])
}

/// It has a server for each session, and starts the next one by itself.
#[test]
fn supergateway_is_left_alone_as_long_as_it_can_start_the_server_behind_it() {
    let world = World::new();
    let program = "mcp-server-memory";
    let behind_it = world.installed("servers/node_modules/.bin").join(program);
    let frail = format!("#!/bin/sh\n[ ! -e \"$HOME/broken\" ] || exit 1\nexec {}\n", behind_it.display());
    let frail = world.sandbox.program("frail", &frail);
    let words = [
        "--stdio",
        frail.to_str().unwrap(),
        "--outputTransport",
        "streamableHttp",
        "--stateful",
        "--port",
        "${MCP_PORT}",
    ];
    let bridge = world.installed("servers/node_modules/.bin/supergateway");
    define(&world, &[("bridge", json!({"command": bridge, "args": words}))]);
    let session = BackgroundSession::open(&world.sandbox);
    session.hook("start", &["bridge"]).ok();
    await_healthy(&world, "bridge", 0);
    let first = behind(&world, "bridge", program);
    first.signal(Signal::SIGKILL);
    wait::until("there is another behind it", || (behind(&world, "bridge", program) != first).then_some(()));
    await_healthy(&world, "bridge", 0);

    let broken = world.sandbox.write("home/broken", "");
    behind(&world, "bridge", program).signal(Signal::SIGKILL);
    wait::until("it is ended", || (session.record("bridge")?["restarts"] == 1).then_some(()));
    fs::remove_file(broken).unwrap();
    let again = await_healthy(&world, "bridge", 1);
    assert_eq!(again["last_exit"]["reason"], "unhealthy", "{again}");
    session.hook("stop", &["bridge"]).ok();
    session.assert_only_shell_left();
}
