//! Servers that are defined in files: the user's `servers.json` and a project's `.mcp.json`.

pub mod entry;
