//! `check --connect` of servers that nobody here wrote, over each of their transports, side by side: nothing is found that is
//! not so, and what they have is counted as a client on the official SDK counts it.

use std::fs::{self, File};

use serde_json::{Map, Value, json};

use crate::support::real_servers::World;

/// A server: what starts it, and what is found of it.
type Case = (&'static str, Value, &'static [&'static str]);

#[test]
fn nothing_is_found_of_servers_on_standard_streams_that_is_not_so_and_their_lists_are_counted() {
    let world = World::new();
    let found = check(&world, &on_streams(&world));
    // That of Proxmox has its jobs in a file; no other has left one.
    for (name, server) in &found {
        let writes = codes(server).contains(&"writes-files");
        assert_eq!(writes, leaves_files(&world, name), "{server:#}");
    }
}

#[test]
fn nothing_is_found_of_servers_over_http_that_is_not_so_and_their_lists_are_counted() {
    let world = World::new();
    check(&world, &over_http(&world));
}

/// Playwright's takes `localhost` for its name and nothing else, so that clients with the number are refused.
#[test]
fn a_server_that_takes_one_name_of_its_host_only_is_said_to_refuse_the_other() {
    let world = World::new();
    let mut server = playwright_over_http(&world);
    server["url"] = "http://127.0.0.1:${MCP_PORT}/mcp".into();
    let found = connect(&world, &[("by-number", server, &[])]);
    assert_eq!(codes(&found["by-number"]), ["wrong-host"], "{:#}", found["by-number"]);
    let hint = found["by-number"]["findings"][0]["hint"].as_str().unwrap();
    assert!(hint.contains("http://localhost:"), "{hint}");
}

fn on_streams(world: &World) -> Vec<Case> {
    let server = |program: &str, arguments: &[&str]| json!({"command": world.installed(program), "args": arguments});
    let home = world.sandbox.home();
    let mut proxmox = server("proxmox/bin/proxmox-mcp-plus", &[]);
    proxmox["env"] = proxmox_environment(world);
    vec![
        ("everything", server("node/node_modules/.bin/mcp-server-everything", &[]), &[]),
        ("filesystem", server("node/node_modules/.bin/mcp-server-filesystem", &[home.to_str().unwrap()]), &[]),
        ("memory", server("servers/node_modules/.bin/mcp-server-memory", &[]), &[]),
        ("playwright", server("servers/node_modules/.bin/playwright-mcp", &[]), &[]),
        ("git", server("servers/python/bin/mcp-server-git", &[]), &[]),
        ("fetch", server("servers/python/bin/mcp-server-fetch", &[]), &[]),
        ("time", server("python/bin/mcp-server-time", &[]), &[]),
        ("fastmcp", server("servers/python/bin/python", &[FASTMCP]), &[]),
        ("python-sdk", server("python/bin/python", &[PYTHON_SDK]), &[]),
        ("rmcp", server("rust-server", &[]), &[]),
        ("proxmox", proxmox, &["writes-files"]),
    ]
}

fn over_http(world: &World) -> Vec<Case> {
    let everything = |transport: &str, path: &str| {
        let mut server = listening(world, "node/node_modules/.bin/mcp-server-everything", &[transport], path);
        server["env"] = json!({"PORT": "${MCP_PORT}"});
        server
    };
    let fastmcp =
        |transport: &str, path: &str| listening(world, "servers/python/bin/python", &[FASTMCP, transport], path);
    let python_sdk =
        |transport: &str, path: &str| listening(world, "python/bin/python", &[PYTHON_SDK, transport], path);
    let mut proxmox = listening(world, "proxmox/bin/proxmox-mcp-plus", &[], "/mcp");
    proxmox["env"] = proxmox_environment(world);
    proxmox["env"]["MCP_TRANSPORT"] = "STREAMABLE".into();
    proxmox["env"]["MCP_ALLOW_UNAUTHENTICATED_HTTP"] = "true".into();
    vec![
        ("everything", everything("streamableHttp", "/mcp"), &[]),
        ("everything-sse", everything("sse", "/sse"), &["legacy-sse"]),
        ("fastmcp", fastmcp("http", "/mcp"), &[]),
        ("fastmcp-sse", fastmcp("sse", "/sse"), &["legacy-sse"]),
        ("python-sdk", python_sdk("streamable-http", "/mcp"), &[]),
        ("python-sdk-sse", python_sdk("sse", "/sse"), &["legacy-sse"]),
        ("playwright", playwright_over_http(world), &[]),
        ("proxmox", proxmox, &["writes-files"]),
    ]
}

const FASTMCP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/servers/fastmcp_server.py");
const PYTHON_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/servers/sdk_server.py");

fn listening(world: &World, program: &str, arguments: &[&str], path: &str) -> Value {
    let url = format!("http://localhost:${{MCP_PORT}}{path}");
    let hook = json!({"port": "auto"});
    json!({"command": world.installed(program), "args": arguments, "url": url, "hook": hook})
}

fn playwright_over_http(world: &World) -> Value {
    listening(world, "servers/node_modules/.bin/playwright-mcp", &["--port", "${MCP_PORT}"], "/mcp")
}

fn proxmox_environment(world: &World) -> Value {
    let config = json!({
        "proxmox": {"host": "192.0.2.1"},
        "auth": {"user": "root@pam", "token_name": "mcp", "token_value": "none"},
        "mcp": {"transport": "STDIO"},
    });
    let config = world.sandbox.write("proxmox.json", config.to_string());
    json!({"PROXMOX_MCP_CONFIG": config})
}

/// Checks them all at once: each has the codes that it is to have, what the SDK counts, and leaves nothing.
#[track_caller]
fn check(world: &World, cases: &[Case]) -> Map<String, Value> {
    let found = connect(world, cases);
    let counted = counted_by_the_sdk(world);
    for (name, _, expected) in cases {
        let server = &found[*name];
        assert_eq!(codes(server), *expected, "{server:#}");
        let counts = &counted[name.trim_end_matches("-sse")];
        for list in ["tools", "prompts", "resources"] {
            assert_eq!(server[list], counts[list], "{name}: {list}");
        }
        assert!(server["tools"].as_u64() > Some(0), "{server:#}");
    }
    found
}

/// What is found of each, in a working directory of its own.
#[track_caller]
fn connect(world: &World, cases: &[Case]) -> Map<String, Value> {
    let sandbox = &world.sandbox;
    let mut definitions = Map::new();
    for (name, server, _) in cases {
        let directory = sandbox.home().join("work").join(name);
        fs::create_dir_all(&directory).unwrap();
        let mut server = server.clone();
        server["cwd"] = directory.to_str().unwrap().into();
        definitions.insert((*name).to_owned(), server);
    }
    sandbox.write("home/.config/mcp-hook/servers.json", json!({"mcpServers": definitions}).to_string());
    let output = sandbox.hook(["check", "--connect", "--json", "--timeout", "10m"]);
    sandbox.assert_clean();
    for directory in ["pids", "configs", "ports"] {
        let left: Vec<_> = fs::read_dir(sandbox.runtime().join(directory)).into_iter().flatten().collect();
        assert!(left.is_empty(), "{directory}: {left:?}");
    }
    let all = output.json();
    let named = |server: &Value| (server["name"].as_str().unwrap().to_owned(), server.clone());
    all["servers"].as_array().unwrap().iter().map(named).collect()
}

/// What a client on the Python SDK counts in each of them, over standard streams.
fn counted_by_the_sdk(world: &World) -> Value {
    let launch = |(name, server, _): Case| {
        let words = json!({"command": server["command"], "args": server["args"], "env": server["env"]});
        (name.to_owned(), words)
    };
    let servers: Map<String, Value> = on_streams(world).into_iter().map(launch).collect();
    let servers = world.sandbox.write("servers.json", Value::from(servers).to_string());
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/lists.py");
    let mut command = world.sandbox.command(world.installed("python/bin/python"));
    world.sandbox.run(command.arg(client).stdin(File::open(servers).unwrap())).ok().json()
}

/// What is found of it, but for how soon it ends: with some it is about half a second, which is slow on a slower machine.
fn codes(server: &Value) -> Vec<&str> {
    let codes = server["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap());
    codes.filter(|code| *code != "slow-stop").collect()
}

/// Whether there is anything in the working directory of a server that was empty.
fn leaves_files(world: &World, name: &str) -> bool {
    fs::read_dir(world.sandbox.home().join("work").join(name)).unwrap().next().is_some()
}
