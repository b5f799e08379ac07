//! An MCP server: its command, its settings, its environment, its record, its log and its numbers.

pub mod claim;
pub mod command;
pub mod end;
pub mod environment;
pub mod history;
pub mod holder;
pub mod invocation;
pub mod journal;
pub mod launcher;
pub mod log;
pub mod port;
pub mod record;
pub mod settings;
pub mod size;
pub mod token;
pub mod unended;
pub mod url;
pub mod usage;
