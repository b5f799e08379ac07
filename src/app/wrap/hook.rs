//! What a client is told to start.

use std::path::{Path, PathBuf};

use crate::client::table::{Client, PathOfClient};
use crate::context;
use crate::sys::executable;
use crate::sys::stat::FileId;

/// How a client finds mcp-hook: by its name, if that leads to this program where the client looks, else by a path. One on PATH
/// is taken before the one where its links lead, which an upgrade may change.
pub fn of(client: &Client) -> String {
    let own = context::executable().unwrap_or_else(|_| PathBuf::from("mcp-hook"));
    let is_own = |found: &&PathBuf| FileId::at(found).ok() == FileId::at(&own).ok();
    let found = on_path();
    match (client.path, found.first().filter(is_own)) {
        (PathOfClient::OfShell, Some(_)) => "mcp-hook".to_owned(),
        _ => found.iter().filter(|found| found.is_absolute()).find(is_own).unwrap_or(&own).display().to_string(),
    }
}

/// Those called mcp-hook on PATH, in order.
fn on_path() -> Vec<PathBuf> {
    executable::find_all("mcp-hook", context::variable("PATH").unwrap_or_default(), Path::new(""))
}
