//! The messages that are sent to a server that is checked.

use serde_json::{Value, json};

use super::listing::Kind;

/// The versions of the handshake, the newest first.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// The version without one.
pub const MODERN: &str = "2026-07-28";

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// By `initialize`, up to 2025-11-25.
    Legacy,
    /// By `server/discover`, from 2026-07-28.
    Modern,
}

pub fn discover(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "server/discover", "params": {"_meta": meta()}})
}

pub fn initialize(id: u64) -> Value {
    let params = json!({"protocolVersion": LEGACY[0], "capabilities": {}, "clientInfo": client()});
    json!({"jsonrpc": "2.0", "id": id, "method": "initialize", "params": params})
}

pub fn initialized() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
}

pub fn ping(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "ping"})
}

/// A page of a list.
pub fn list(id: u64, kind: Kind, cursor: Option<&str>, era: Era) -> Value {
    let mut params = json!({});
    if let Some(cursor) = cursor {
        params["cursor"] = json!(cursor);
    }
    if era == Era::Modern {
        params["_meta"] = meta();
    }
    json!({"jsonrpc": "2.0", "id": id, "method": kind.method(), "params": params})
}

/// What a server that asks something of us is told.
pub fn reply(id: &Value, method: &str) -> Value {
    if method == "ping" {
        return json!({"jsonrpc": "2.0", "id": id, "result": {}});
    }
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "Method not found"}})
}

fn client() -> Value {
    json!({"name": "mcp-hook", "version": env!("CARGO_PKG_VERSION")})
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": client(),
    })
}
