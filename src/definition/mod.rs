//! Servers that are defined in files: the user's `servers.json` and a project's `.mcp.json`.

pub mod allowed;
pub mod autostart;
pub mod catalogue;
pub mod check;
pub mod client_entry;
pub mod config_copy;
pub mod document;
mod edit;
pub mod entry;
pub mod examine;
pub mod expand;
pub mod json_path;
pub mod parse;
pub mod problem;
mod reader;
pub mod requirement;
pub mod resolve;
#[cfg(test)]
mod resolve_tests;
pub mod resolved;
pub mod review;
mod risks;
mod settings;
mod spelling;
pub mod store;
pub mod template;
#[cfg(test)]
mod tests;
pub mod view;
mod watched;
