//! An MCP server: its command, its environment, its record, its log and its numbers.

pub mod command;
pub mod environment;
pub mod log;
pub mod record;
pub mod token;
pub mod usage;
