//! `mcp-hook mcp`: an MCP server on this process's standard streams, for an agent that is to look after the servers of its
//! session.
//!
//! Each call is done by a process of its own, the command `tool` of this program: use cases wait, and fork with one thread;
//! meanwhile this process answers and can have a call end. What a call starts is handed over to its session as what a command
//! starts.

mod job;
pub mod own;
pub mod secrets;
pub mod serve;
pub mod view;
