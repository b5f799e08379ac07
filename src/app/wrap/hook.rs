//! What a client is told to start.

use std::path::PathBuf;

use crate::client::table::{Client, PathOfClient};
use crate::context;
use crate::sys::stat::FileId;

/// How a client finds mcp-hook: by its name, if that leads to this program where the client looks.
pub fn of(client: &Client) -> String {
    let own = context::executable().unwrap_or_else(|_| PathBuf::from("mcp-hook"));
    let by_name = match client.path {
        PathOfClient::OfDesktop => false,
        PathOfClient::OfShell => on_path().is_some_and(|found| FileId::at(&found).ok() == FileId::at(&own).ok()),
    };
    if by_name { "mcp-hook".to_owned() } else { own.display().to_string() }
}

/// The first mcp-hook on PATH.
fn on_path() -> Option<PathBuf> {
    let path = context::variable("PATH")?;
    let places = std::env::split_paths(&path).map(|place| place.join("mcp-hook"));
    places.into_iter().find(|file| file.is_file())
}
