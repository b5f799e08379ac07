//! What all records have in common: JSON with a version.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads a record of `version`. The version is looked at first, so that a record of another one is named as that.
///
/// # Errors
/// When it has another version, or is no such record.
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
