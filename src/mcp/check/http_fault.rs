//! What a response of HTTP says that is no answer, in words.

use std::time::Duration;

use serde_json::Value;

use super::clients::Hurdle;
use super::finding::{Code, Finding};
use super::listing::Kind;
use super::lists::UNSEEN;
use crate::mcp::http::address::{Address, shown};
use crate::mcp::http::event_stream;
use crate::mcp::http::response::Response;
use crate::text::excerpt::excerpt;

/// Something else than an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Status {
        status: u16,
        /// The beginning of what it says to that.
        text: String,
        /// Where it says that the documents of its sign-in are.
        metadata: Option<String>,
    },
    Redirect {
        to: String,
        keeps_method: bool,
    },
    /// Another kind of document.
    Document(String),
    /// JSON that is cut off, or none.
    NoJson,
    /// No answer in time.
    Nothing,
}

/// The message in a response.
pub fn read(response: &Response) -> Result<Value, Fault> {
    let Some(head) = &response.head else { return Err(Fault::Nothing) };
    let status = head.status;
    if let (300..=399, Some(to)) = (status, head.header("location")) {
        return Err(Fault::Redirect { to: to.to_owned(), keeps_method: matches!(status, 307 | 308) });
    }
    if is_stream(response) && (200..300).contains(&status) {
        let events = event_stream::events(&response.body);
        let message = events.iter().filter_map(|event| serde_json::from_str::<Value>(&event.data).ok());
        return message.into_iter().find(|it| it.get("method").is_none()).ok_or(Fault::Nothing);
    }
    let json = serde_json::from_slice::<Value>(&response.body).ok();
    match (status, head.media_type().as_str(), json) {
        (400, _, Some(json)) if json.get("error").is_some_and(Value::is_object) => Ok(json),
        (200..=299, "application/json" | "", Some(json)) => Ok(json),
        (202 | 204, ..) => Err(Fault::Nothing),
        (200..=299, "application/json" | "", None) => Err(Fault::NoJson),
        (200..=299, kind, _) => Err(Fault::Document(kind.to_owned())),
        _ => Err(Fault::Status {
            status,
            text: beginning(&response.body),
            metadata: metadata(head.header("www-authenticate")),
        }),
    }
}

pub fn is_stream(response: &Response) -> bool {
    response.head.as_ref().is_some_and(|head| head.media_type() == "text/event-stream")
}

/// The message with this id in a stream.
pub fn message(stream: &[u8], id: u64) -> Option<Value> {
    let events = event_stream::events(stream).into_iter();
    let messages = events.filter_map(|event| serde_json::from_str::<Value>(&event.data).ok());
    messages.into_iter().find(|it| it["id"].as_u64() == Some(id) && it.get("method").is_none())
}

fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

fn metadata(challenge: Option<&str>) -> Option<String> {
    let (_, rest) = challenge?.split_once("resource_metadata=")?;
    Some(rest.trim_start_matches('"').split(['"', ',']).next()?.to_owned())
}

/// Where the documents of a sign-in may be (RFC 9728).
pub fn metadata_places(address: &Address, named: Option<&str>) -> Vec<Address> {
    const PLACE: &str = "/.well-known/oauth-protected-resource";
    let path = address.path().trim_end_matches('/');
    let usual = [format!("{PLACE}{path}"), PLACE.to_owned()];
    let mut places: Vec<Address> =
        named.into_iter().chain(usual.iter().map(String::as_str)).filter_map(|it| address.join(it).ok()).collect();
    places.dedup();
    places
}

/// A fault of the handshake.
pub fn describe(fault: &Fault, address: &Address, limit: Duration) -> Finding {
    match fault {
        Fault::Nothing => Finding::new(Code::NoAnswer, format!("there is no answer after {} s", limit.as_secs()))
            .hint("the server takes the connection and does not answer: see its log; --timeout 2m waits longer"),
        Fault::NoJson => not_mcp("it answers with JSON that is cut off, or with none"),
        Fault::Document(kind) => not_mcp(&format!("it answers with a document of the kind {}", excerpt(kind))),
        Fault::Redirect { to, .. } => redirect(to),
        Fault::Status { status: status @ 500.., text, .. } => {
            Finding::new(Code::ServerError, format!("it fails with the status {status}: {text}"))
                .hint("the reason is its own: see its log")
        }
        Fault::Status { status: status @ (404 | 405), .. } => {
            Finding::new(Code::WrongPath, format!("nothing at {} speaks MCP (status {status})", address.path()))
                .hint("see which path the server names when it starts: /mcp, /sse and / are usual")
        }
        Fault::Status { status, text, .. } => {
            not_mcp(&format!("it refuses what MCP clients send, with the status {status}: {text}"))
        }
    }
}

fn not_mcp(what: &str) -> Finding {
    Finding::new(Code::NotMcp, format!("{what}: that is no MCP server"))
        .hint("is it a web page, or another service? See the server's own documentation for its address")
}

pub fn refused(address: &Address, why: &str) -> Finding {
    Finding::new(Code::Refused, format!("nobody takes connections at {}: {why}", address.authority()))
        .hint("start the server, or correct host and port; mcp-hook status shows the ports of this session")
}

pub fn no_http(address: &Address) -> Finding {
    not_mcp(&format!("what answers at {} does not speak HTTP, or hangs up", address.authority()))
}

pub fn redirect(to: &str) -> Finding {
    Finding::new(
        Code::Redirect,
        format!("it sends clients on to {}: they repeat the question without its message", excerpt(&shown(to))),
    )
    .hint("give clients that address")
}

pub fn wrong_host(address: &Address) -> Finding {
    let other = format!("http://localhost:{}{}", address.port, address.path());
    Finding::new(Code::WrongHost, format!("it refuses the host {}, and takes another", address.authority()))
        .hint(format!("give clients {other}, or allow this host where the server is configured"))
}

pub fn forbidden(status: u16) -> Finding {
    Finding::new(Code::Forbidden, format!("it refuses with the status {status}: no sign-in would help"))
        .hint("see whether it allows this host, this origin, or the rights of this token")
}

pub fn token_refused() -> Finding {
    Finding::new(Code::TokenRefused, "it refuses the Authorization that it was sent (status 401)")
        .hint("see whether the token is whole, has expired, or stands there as ${VAR}")
}

pub fn needs_login(server: &str) -> Finding {
    Finding::new(Code::NeedsLogin, format!("it wants a login at {} (OAuth)", excerpt(&shown(server))))
        .hint("log in from a client that knows OAuth; no login was made")
}

pub fn needs_token() -> Finding {
    Finding::new(
        Code::NeedsToken,
        "it wants a token (status 401), and has no documents of a sign-in: clients cannot log in",
    )
    .hint("send one: --header 'Authorization: Bearer …', and \"headers\" in the client's entry")
}

pub fn session_lost() -> Finding {
    Finding::new(Code::SessionLost, "it has forgotten its session with the second question (status 404)")
        .hint("it may run several times behind one address, or have been restarted: a session stays where it began")
}

pub fn in_list(fault: &Fault, kind: Kind) -> Finding {
    let what = match fault {
        Fault::Status { status, text, .. } => format!("with the status {status}: {text}"),
        Fault::Nothing => {
            return Finding::new(Code::ListNoAnswer, format!("it does not answer {}", kind.method())).hint(UNSEEN);
        }
        _ => "with something that is no message".to_owned(),
    };
    Finding::new(Code::ListError, format!("it answers {} {what}", kind.method())).hint(UNSEEN)
}

pub fn legacy_sse() -> Finding {
    Finding::new(
        Code::LegacySse,
        "it speaks HTTP with SSE, as of 2024-11-05: Claude Code falls back to it, Gemini CLI under \"httpUrl\" does not",
    )
    .hurdle(Hurdle::LegacySse)
    .hint("give clients the type sse, or take a version of the server with streamable HTTP")
}

pub fn unasked() -> Finding {
    Finding::new(Code::NotAsked, "it is asked over TLS, which mcp-hook does not speak: nothing was sent")
        .hint("ask it by a client, or by the address behind the proxy that speaks TLS")
}
