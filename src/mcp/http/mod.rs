//! As much of HTTP/1.1 as a question to an MCP server takes: without input or output, and without TLS.
//!
//! By hand, because a supervisor asks from the loop in which it waits for everything else, and must never wait for an answer
//! alone. The small clients without an async runtime do: minreq would take a thread for each question and 36 KiB more, ureq 220.

pub mod address;
pub mod event_stream;
pub mod request;
pub mod response;
