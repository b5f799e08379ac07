//! An MCP server: its command, its settings, its environment, its record, its log and its numbers.

pub mod client;
pub mod command;
pub mod end;
pub mod endpoint;
pub mod environment;
pub mod health;
pub mod history;
pub mod invocation;
pub mod launch;
pub mod launch_note;
pub mod launcher;
pub mod npx;
pub mod pattern;
pub mod program;
pub mod question;
pub mod record;
pub mod secret_encodings;
pub mod secret_words;
pub mod secrets;
pub mod settings;
pub mod shortcut;
pub mod state;
pub mod token;
pub mod unkillable;
pub mod usage;
