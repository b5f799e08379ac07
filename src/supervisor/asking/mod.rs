//! Asking a server over HTTP whether it speaks MCP, while everything else goes on: nothing here ever waits for it.

pub mod asker;
mod exchange;
pub mod greeting;
pub mod health_check;
mod lookup;
pub mod target;
