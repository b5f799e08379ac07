//! What the relay's reading of messages needs of the system.

#[path = "../../../src/sys/lanes.rs"]
pub mod lanes;
