//! The files in which MCP clients keep their servers: where each client's are, what stands in them, and putting mcp-hook in
//! front of a server's command and taking it away again. What is changed are bytes of the text, never a tree: every other
//! byte stays, and nothing has to be remembered to give back what was there.

pub mod control;
pub mod dialect;
pub mod entry;
mod env_file;
pub mod file;
pub mod inheritance;
pub mod launch;
pub mod mask;
pub mod place;
pub mod prefix;
pub mod run_line;
pub mod running;
pub mod scope;
pub mod table;
#[cfg(test)]
mod tests;
pub mod write;
pub mod yaml;
