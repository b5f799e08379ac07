//! As much of HTTP/1.1 as a question to an MCP server takes: without input or output, and without TLS.

pub mod address;
pub mod event_stream;
pub mod request;
pub mod response;
