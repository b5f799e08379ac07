//! mcp-hook: a session for every terminal, whose MCP servers end with it.
fn main() {}
