//! Servers that are defined in files: the user's `servers.json` and a project's `.mcp.json`.

pub mod allowed;
pub mod catalogue;
pub mod document;
mod edit;
pub mod entry;
mod hook;
mod json;
pub mod parse;
mod place;
pub mod store;
#[cfg(test)]
mod tests;
pub mod view;
