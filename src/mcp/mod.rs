//! The Model Context Protocol without input or output: what a message is, found while its bytes pass by.

pub mod message;
pub mod scanner;
