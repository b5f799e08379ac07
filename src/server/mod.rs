//! An MCP server: its command, its settings, its environment, its record, its log and its numbers.

pub mod command;
pub mod end;
pub mod environment;
pub mod history;
pub mod invocation;
pub mod launcher;
pub mod record;
pub mod secret_forms;
pub mod secrets;
pub mod settings;
pub mod token;
pub mod unended;
pub mod url;
pub mod usage;
