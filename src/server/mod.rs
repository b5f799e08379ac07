//! An MCP server: its command, its settings, its environment, its record, its log and its numbers.

pub mod client;
pub mod command;
pub mod end;
pub mod endpoint;
pub mod environment;
pub mod history;
pub mod invocation;
pub mod launcher;
pub mod pattern;
pub mod record;
pub mod secret_encodings;
pub mod secrets;
pub mod settings;
pub mod token;
pub mod unkillable;
pub mod usage;
