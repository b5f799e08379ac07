//! What a client is told in place of a server that cannot.

use serde::Serialize;
use serde_json::{Value, json};

use crate::mcp::message::Raw;

/// JSON-RPC's code for "internal error": what every client shows to its model word by word.
const INTERNAL_ERROR: i32 = -32603;
/// JSON-RPC's code for "method not found".
const METHOD_NOT_FOUND: i32 = -32601;

/// How a server's first process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

/// The end of a life, as the client is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// None if its tree was ended for another reason, which `why` says.
    pub exit: Option<Exit>,
    /// `exited with status 1`, `was restarted`.
    pub why: String,
    /// Its last lines on standard error, without secrets.
    pub stderr: Vec<String>,
}

/// For a request that was delivered and never answered.
/// `not_again` is why the server is not started again, and what helps; none if it is.
pub fn died(id: &Raw, server: &str, death: &Death, not_again: Option<&str>) -> Vec<u8> {
    let next = not_again.map_or_else(
        || "It is being started again: the next call will reach it.".to_owned(),
        |cause| format!("It is not started again yet: {cause}."),
    );
    let message = format!(
        "The MCP server {server:?} {} while it worked on this call. The call may have had effects; it was not repeated. {next}",
        death.why
    );
    let data = json!({
        "source": "mcp-hook", "server": server, "exit": death.exit, "stderr": death.stderr, "restarting": not_again.is_none(),
    });
    error(id, INTERNAL_ERROR, &message, Some(data))
}

/// For a request that no server has had.
pub fn refused(id: &Raw, server: &str, cause: &str) -> Vec<u8> {
    let message = format!("The MCP server {server:?} did not get this call: {cause}.");
    error(id, INTERNAL_ERROR, &message, Some(json!({ "source": "mcp-hook", "server": server, "restarting": false })))
}

/// For a request of a server that has said more than is kept before it may speak to its client.
pub fn too_early(id: &Raw) -> Vec<u8> {
    error(
        id,
        INTERNAL_ERROR,
        "mcp-hook dropped this request: it came, with too much else, before the first answer",
        None,
    )
}

/// For a request of a server whose answer cannot be handed on.
pub fn too_long(id: &Raw) -> Vec<u8> {
    error(id, INTERNAL_ERROR, "mcp-hook dropped the answer of the client: it is too long to be kept", None)
}

/// For `server/discover`, of which the server died.
pub fn unknown_method(id: &Raw) -> Vec<u8> {
    error(id, METHOD_NOT_FOUND, "Method not found", None)
}

/// For a request of a server that is no more.
pub fn cancelled(id: &Raw, server: &str) -> Vec<u8> {
    let reason = json!(format!("the MCP server {server:?} ended"));
    let head = br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"#;
    [head, id.bytes.as_slice(), b",\"reason\":", reason.to_string().as_bytes(), b"}}\n"].concat()
}

fn error(id: &Raw, code: i32, message: &str, data: Option<Value>) -> Vec<u8> {
    let mut error = json!({ "code": code, "message": message });
    if let Some(data) = data {
        error["data"] = data;
    }
    [br#"{"jsonrpc":"2.0","id":"#, id.bytes.as_slice(), b",\"error\":", error.to_string().as_bytes(), b"}\n"].concat()
}
