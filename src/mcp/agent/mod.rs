//! What `mcp-hook mcp` says as an MCP server on standard input and output: requests in, answers and calls of its tools out,
//! without doing any of them.

mod answer;
pub mod call;
pub mod dialogue;
mod request;
#[cfg(test)]
mod tests;
mod version;
