//! Servers that are defined in files: the user's `servers.json` and a project's `.mcp.json`.

pub mod allowed;
pub mod catalogue;
pub mod document;
mod edit;
pub mod entry;
mod hook;
mod json;
mod parse;
mod place;
#[cfg(test)]
mod tests;
