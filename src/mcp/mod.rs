//! The Model Context Protocol without input or output: what a message is, found while its bytes pass by, and what a relay
//! does with it.

pub mod edit;
pub mod framer;
pub mod message;
pub mod relay;
pub mod scanner;
pub mod traffic;
