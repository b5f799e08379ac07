//! The versions of the protocol, and which one a request is of (specification, "Versioning and Compatibility").

use serde_json::{Value, json};

use super::answer::Refusal;

/// Newest first. The first has no handshake: each request says what it is of.
pub const KNOWN: [&str; 5] = [STATELESS, NEWEST_WITH_HANDSHAKE, "2025-06-18", WITH_BATCHES, "2024-11-05"];
const STATELESS: &str = "2026-07-28";
const NEWEST_WITH_HANDSHAKE: &str = "2025-11-25";
/// The only version in which several messages may come in one.
const WITH_BATCHES: &str = "2025-03-26";

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    Handshake,
    Stateless,
}

/// What is spoken after a handshake that asks for this version.
pub fn negotiated(wanted: Option<&str>) -> &'static str {
    let with_handshake = KNOWN.into_iter().filter(|&version| version != STATELESS);
    with_handshake.into_iter().find(|&version| Some(version) == wanted).unwrap_or(NEWEST_WITH_HANDSHAKE)
}

pub fn has_batches(version: Option<&str>) -> bool {
    version == Some(WITH_BATCHES)
}

/// The era of a request with these parameters.
///
/// # Errors
/// When it names a version that is not known, or leaves out what has to stand beside it.
pub fn era(params: &Value) -> Result<Era, Refusal> {
    let meta = |name: &str| params.pointer(&format!("/_meta/io.modelcontextprotocol~1{name}"));
    match meta("protocolVersion") {
        None => Ok(Era::Handshake),
        Some(version) => match version.as_str().filter(|version| KNOWN.contains(version)) {
            None => Err(Refusal::unsupported(version, &KNOWN)),
            Some(STATELESS) if meta("clientCapabilities").is_none_or(|it| !it.is_object()) => {
                Err(Refusal::params("_meta[\"io.modelcontextprotocol/clientCapabilities\"] is missing"))
            }
            Some(STATELESS) => Ok(Era::Stateless),
            Some(_) => Ok(Era::Handshake),
        },
    }
}

/// What an answer has more in an era without a handshake.
pub fn complete(mut result: Value, era: Era, is_cacheable: bool) -> Value {
    if era == Era::Stateless {
        result["resultType"] = json!("complete");
        if is_cacheable {
            result["ttlMs"] = json!(3_600_000);
            result["cacheScope"] = json!("private");
        }
    }
    result
}
