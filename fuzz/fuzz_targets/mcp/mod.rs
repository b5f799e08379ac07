//! The files of the project that are fuzzed: it has no library.

#![allow(dead_code)]

#[path = "../../../src/mcp/framer.rs"]
pub mod framer;
#[path = "../../../src/mcp/message.rs"]
pub mod message;
#[path = "../../../src/mcp/scanner/mod.rs"]
pub mod scanner;
#[path = "../../../src/mcp/search.rs"]
pub mod search;
