//! What the answers to the first questions say.

use serde_json::Value;

use super::finding::{Code, Finding};
use super::request::{LEGACY, MODERN};
use crate::text::excerpt::excerpt;

/// The error of a server of 2026-07-28 that does not know the version that it was asked in.
const UNSUPPORTED_VERSION: i64 = -32022;

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Introduction {
    pub protocol: String,
    pub name: Option<String>,
    pub version: Option<String>,
    pub capabilities: Value,
}

/// What an answer to `server/discover` means.
#[derive(Debug)]
pub enum Discovered {
    /// It speaks the new version.
    Modern(Introduction),
    /// It is to be asked by `initialize`.
    AskLegacy,
    /// It speaks no version that we know.
    Unknown(Finding),
}

pub fn discovered(answer: &Value) -> Discovered {
    let (error, result) = (answer.get("error"), answer.get("result"));
    let is_about_version = error.is_some_and(|error| error["code"].as_i64() == Some(UNSUPPORTED_VERSION));
    let supported = match result {
        Some(result) => result.get("supportedVersions"),
        None if is_about_version => answer.pointer("/error/data/supported"),
        None => None,
    };
    let Some(supported) = supported.and_then(Value::as_array) else { return Discovered::AskLegacy };
    let has = |version: &str| supported.iter().any(|it| it.as_str() == Some(version));
    match result {
        Some(result) if has(MODERN) => Discovered::Modern(Introduction {
            protocol: MODERN.to_owned(),
            capabilities: result.get("capabilities").cloned().unwrap_or_default(),
            ..named(result.pointer("/_meta/io.modelcontextprotocol~1serverInfo"))
        }),
        // Whoever refuses a version that it names as its own may have another reason: it is left to `initialize`.
        _ if supported.is_empty() || has(MODERN) || LEGACY.into_iter().any(has) => Discovered::AskLegacy,
        _ => Discovered::Unknown(unknown_version(&supported.iter().map(shown).collect::<Vec<_>>().join(", "))),
    }
}

/// What an answer to `initialize` says.
pub fn initialized(answer: &Value) -> Result<Introduction, Finding> {
    if let Some(error) = answer.get("error") {
        let message = format!("it refused the handshake: {}", error_text(error));
        return Err(Finding::new(Code::ErrorAnswer, message)
            .hint("the reason is its own: look for a variable, a file or a service that it needs"));
    }
    let result = &answer["result"];
    let Some(protocol) = result.get("protocolVersion").and_then(Value::as_str) else {
        return Err(invalid("result.protocolVersion"));
    };
    if !LEGACY.contains(&protocol) && protocol != MODERN {
        return Err(unknown_version(&shown(&result["protocolVersion"])));
    }
    if !result.get("capabilities").is_some_and(Value::is_object) {
        return Err(invalid("result.capabilities"));
    }
    for key in ["name", "version"] {
        if result["serverInfo"].get(key).and_then(Value::as_str).is_none() {
            return Err(invalid(&format!("result.serverInfo.{key}")));
        }
    }
    let capabilities = result["capabilities"].clone();
    Ok(Introduction { protocol: protocol.to_owned(), capabilities, ..named(result.get("serverInfo")) })
}

fn named(server: Option<&Value>) -> Introduction {
    let text = |key| server.and_then(|it| it.get(key)?.as_str()).map(str::to_owned);
    Introduction { name: text("name"), version: text("version"), ..Introduction::default() }
}

fn unknown_version(versions: &str) -> Finding {
    Finding::new(Code::Version, format!("it speaks {versions}: clients know {MODERN}, {}", LEGACY.join(", ")))
        .hint("take a version of it, or of its SDK, that speaks one of these")
}

fn invalid(place: &str) -> Finding {
    Finding::new(Code::InvalidAnswer, format!("its answer to initialize has no {place}: most clients refuse it"))
        .hint("see the specification, \"Lifecycle\": a result has protocolVersion, capabilities, and serverInfo with name and version")
}

/// An error of JSON-RPC in a line.
pub fn error_text(error: &Value) -> String {
    let message = error.get("message").and_then(Value::as_str).map(str::trim).filter(|message| !message.is_empty());
    // The Python SDK sends 0 with whatever was raised, and no message with what has none.
    let code = error.get("code").filter(|code| code.as_i64() != Some(0));
    match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {}", cut(message)),
        (Some(code), None) => format!("{code}, without a reason"),
        (None, Some(message)) => cut(message),
        (None, None) => "it gives no reason".to_owned(),
    }
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn shown(version: &Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), |text| excerpt(text).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_shown_by_what_it_says_and_by_nothing_that_says_nothing() {
        for (error, text) in [
            (json!({"code": -32603, "message": "no database"}), "-32603: no database"),
            (json!({"code": -32603, "message": ""}), "-32603, without a reason"),
            (json!({"code": 0, "message": "Connection closed"}), "Connection closed"),
            (json!({"code": 0, "message": " "}), "it gives no reason"),
            (json!({}), "it gives no reason"),
            (json!("broken"), "it gives no reason"),
        ] {
            assert_eq!(error_text(&error), text, "{error}");
        }
    }
}
