//! What all records have in common: JSON with a version.

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Reads a record of `version`, which it has in a field of its own. One of another version is named as that, also where it
/// could not be read.
pub fn parse<T: DeserializeOwned>(content: &[u8], version: u32, version_of: fn(&T) -> u32) -> Result<T> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let record = match serde_json::from_slice(content) {
        Ok(record) if version_of(&record) == version => return Ok(record),
        other => other,
    };
    let found = serde_json::from_slice::<Versioned>(content)?.version;
    if found != version {
        bail!("it has version {found}, this mcp-hook reads version {version}");
    }
    Ok(record?)
}

/// Reads a record that [`parse`] refused because it is of another version: `blank`, with each part of it that still has the
/// form that is known here. `None` if it is no record, is of `version`, or one of the `essential` parts is missing or does
/// not fit.
pub fn salvage<T>(content: &[u8], version: u32, blank: &T, essential: &[&str]) -> Option<T>
where
    T: Serialize + DeserializeOwned,
{
    let found: Map<String, Value> = serde_json::from_slice(content).ok()?;
    let is_of_other = found.get("version")?.as_u64()? != u64::from(version);
    if !is_of_other || !essential.iter().all(|name| found.contains_key(*name)) {
        return None;
    }
    let mut known: Map<String, Value> = serde_json::from_slice(&serde_json::to_vec(blank).ok()?).ok()?;
    for (name, part) in found.into_iter().filter(|(name, _)| name != "version") {
        let before = known.insert(name.clone(), part);
        if of_parts::<T>(&known).is_some() {
            continue;
        }
        if essential.contains(&name.as_str()) {
            return None;
        }
        match before {
            Some(before) => known.insert(name, before),
            None => known.remove(&name),
        };
    }
    of_parts(&known)
}

/// The record that has these parts. It goes by their text: a second reader of each record, for values, would take as much
/// room in the program as the first.
fn of_parts<T: DeserializeOwned>(parts: &Map<String, Value>) -> Option<T> {
    serde_json::from_slice(&serde_json::to_vec(parts).ok()?).ok()
}
