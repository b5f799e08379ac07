//! Servers and clients that nobody here wrote, and a sandbox in which they run.

mod client;
mod reserved_port;
mod snapshot;
mod turn;
pub mod world;

pub use client::{Client, Sdk};
pub use reserved_port::ReservedPort;
pub use snapshot::Snapshot;
pub use world::{Server, World};
