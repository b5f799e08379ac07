//! What a client is told to start.

use std::path::{Path, PathBuf};

use crate::client::table::{Client, PathOfClient};
use crate::context;
use crate::sys::executable;
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
    executable::find("mcp-hook", context::variable("PATH")?, Path::new(""))
}
