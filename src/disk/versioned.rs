//! What all records have in common: JSON with a version.

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Reads a record of `version`. The version is looked at first, so that a record of another one is named as that.
pub fn parse<T: DeserializeOwned>(content: &[u8], version: u32) -> Result<T> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let found = serde_json::from_slice::<Versioned>(content)?.version;
    if found != version {
        bail!("it has version {found}, this mcp-hook reads version {version}");
    }
    Ok(serde_json::from_slice(content)?)
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
    let mut known = serde_json::to_value(blank).ok()?;
    for (name, part) in found.into_iter().filter(|(name, _)| name != "version") {
        let before = known.as_object_mut()?.insert(name.clone(), part);
        if T::deserialize(&known).is_ok() {
            continue;
        }
        if essential.contains(&name.as_str()) {
            return None;
        }
        match before {
            Some(before) => known.as_object_mut()?.insert(name, before),
            None => known.as_object_mut()?.remove(&name),
        };
    }
    T::deserialize(&known).ok()
}
