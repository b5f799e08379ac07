//! The Model Context Protocol without input or output: what a message is, found while its bytes pass by, and what a relay
//! does with it.

pub mod agent;
pub mod check;
pub mod edit;
pub mod framer;
pub mod http;
pub mod message;
pub mod relay;
pub mod scanner;
mod search;
pub mod traffic;
