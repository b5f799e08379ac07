//! Records as they are on disk, and changing what stands in them.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Reads a record.
#[track_caller]
pub fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Changes a record.
#[track_caller]
pub fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = read_json(path);
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}
