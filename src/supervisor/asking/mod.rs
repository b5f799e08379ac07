//! Asking a server of ours over HTTP whether it speaks MCP, while everything else goes on: nothing here ever waits.

mod asker;
mod exchange;
pub mod greeting;
pub mod health_check;
pub mod target;
