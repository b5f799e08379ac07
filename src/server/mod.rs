//! An MCP server: its command, its settings, its environment, its record, its log and its numbers.

pub mod command;
pub mod environment;
pub mod history;
pub mod invocation;
pub mod journal;
pub mod log;
pub mod record;
pub mod settings;
pub mod token;
pub mod usage;
