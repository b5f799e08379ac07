//! The reference server in its HTTP mode in five sessions at once, from one definition: each has a port of its own, and a
//! client of the official SDK finds it where the shell says it is.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::real_servers::{Server, World};
use crate::support::{Shell, Terminal, wait};

const SESSIONS: usize = 5;

#[test]
fn five_sessions_have_a_server_each_where_their_shells_say_it_is() {
    let world = World::new();
    let server = Server::Everything;
    let definition = json!({
        "command": "npx",
        "args": ["-y", "@modelcontextprotocol/server-everything", "streamableHttp"],
        "env": { "PORT": "${MCP_PORT}" },
        "cwd": world.project(server),
        "hook": { "port": "auto", "ready": { "timeout": "2m" } },
    });
    let definitions = json!({ "mcpServers": { "everything": definition } });
    world.sandbox.write("home/.config/mcp-hook/servers.json", definitions.to_string());
    let shells = Shell::ALL.into_iter().cycle().take(SESSIONS);
    let mut terminals: Vec<_> = shells.map(|shell| Terminal::open(&world.sandbox, shell)).collect();
    for terminal in &mut terminals {
        terminal.run("mcp-hook start everything --no-wait").ok();
    }
    wait::until("all of them listen", || {
        let status = world.sandbox.status();
        let sessions = status["sessions"].as_array()?;
        let ready = sessions.iter().filter(|session| session["servers"][0]["state"] == "running").count();
        (ready == SESSIONS).then_some(())
    });
    let python = world.installed("python/bin/python");
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/http_client.py");
    let mut urls = BTreeSet::new();
    for terminal in &mut terminals {
        let fish = terminal.shell() == Shell::Fish;
        let learn = if fish { "mcp-hook env --shell fish | source" } else { "eval \"$(mcp-hook env)\"" };
        terminal.run(learn).ok();
        let url = terminal.variable("MCP_EVERYTHING_URL");
        let tools = terminal.run(&format!("{} {client} \"$MCP_EVERYTHING_URL\"", python.display())).ok().stdout;
        assert!(tools.contains(&format!("\"{}\"", server.tool())), "{url}: {tools}");
        // It listens on all interfaces, and is marked.
        let marked = terminal.run("mcp-hook status everything").ok().stdout;
        assert!(marked.contains(" public "), "{marked}");
        urls.insert(url);
    }
    assert_eq!(urls.len(), SESSIONS, "{urls:?}");
    for terminal in &mut terminals {
        terminal.run("mcp-hook stop everything").ok();
    }
    let claims = std::fs::read_dir(world.sandbox.runtime().join("ports")).unwrap().count();
    assert_eq!(claims, 0, "a port was kept");
}
