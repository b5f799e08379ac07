//! `mcp-hook mcp`: the servers of a terminal's session in the hands of an agent.

mod bounds;
mod protocol;
mod session_client;
mod tools;

use serde_json::{Value, json};

use self::session_client::SessionClient;
use crate::support::defined_session::{define, entry};
use crate::support::{Sandbox, Shell, Terminal};

/// A server on standard input and output. Its only tool answers with the text in this place.
fn server(build: &str) -> String {
    format!("BUILD = {build:?}\n{SERVER}")
}

const SERVER: &str = r#"
import json, sys

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    method, answer = message["method"], {}
    if method == "initialize":
        info = {"name": "tickets", "version": BUILD}
        answer["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    elif method == "tools/list":
        answer["result"] = {"tools": [{"name": "build", "inputSchema": {"type": "object"}}]}
    elif method == "tools/call":
        answer["result"] = {"content": [{"type": "text", "text": BUILD}]}
    else:
        answer["error"] = {"code": -32601, "message": "no"}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"]} | answer), flush=True)
"#;

/// The definitions of `web`, which lives on, of `tickets`, which speaks MCP, and of `silent`, which says nothing.
fn definitions(sandbox: &Sandbox) {
    let tickets = sandbox.write("home/tickets.py", server("one"));
    let silent = json!({ "command": "sleep", "args": ["1000"] });
    let tickets = json!({ "command": "python3", "args": [tickets] });
    define(sandbox, &json!({ "web": entry(&json!({})), "tickets": tickets, "silent": silent }));
}

/// A window with an agent in it.
#[track_caller]
fn open(sandbox: &Sandbox) -> (Terminal<'_>, SessionClient) {
    let mut terminal = Terminal::open(sandbox, Shell::Bash);
    let agent = SessionClient::start(sandbox, &mut terminal, "mcp-hook mcp");
    (terminal, agent)
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}
