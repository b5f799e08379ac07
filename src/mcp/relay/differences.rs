//! What a successor cannot do that its predecessor could, by their answers to the same first request.

use std::collections::BTreeSet;

use serde_json::Value;

/// In words; nothing if it can do all that, and speaks as its predecessor did.
pub fn between(old: &Value, new: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    if old["protocolVersion"] != new["protocolVersion"] {
        let version = |of: &Value| of["protocolVersion"].as_str().unwrap_or("none").to_owned();
        differences.push(format!("it speaks protocol version {}, its predecessor {}", version(new), version(old)));
    }
    let versions = |of: &Value| -> BTreeSet<String> {
        of["supportedVersions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| Some(it.as_str()?.to_owned()))
            .collect()
    };
    if let Some(lost) = lost(&versions(old), &versions(new)) {
        differences.push(format!("it no longer speaks protocol version {lost}"));
    }
    let capabilities = |of: &Value| -> BTreeSet<String> {
        of["capabilities"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    if let Some(lost) = lost(&capabilities(old), &capabilities(new)) {
        differences.push(format!("it no longer has {lost}"));
    }
    differences
}

fn lost(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Option<String> {
    let lost: Vec<&str> = old.difference(new).map(String::as_str).collect();
    (!lost.is_empty()).then(|| lost.join(", "))
}
