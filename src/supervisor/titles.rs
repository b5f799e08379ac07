//! What `ps -o comm` shows of the two watchers, at most 15 bytes.

pub const KEEPER: &str = "mcp-keeper";
pub const SUPERVISOR: &str = "mcp-supervisor";
