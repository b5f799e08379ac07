//! Servers and clients that nobody here wrote, and a sandbox in which they run.

mod client;
mod entry_point;
mod lives;
mod model;
pub mod mortal;
mod plain_client;
pub mod registry;
mod reserved_port;
mod snapshot;
pub mod terminal_client;
mod turn;
pub mod world;

pub use client::{Client, Sdk};
pub use entry_point::{EntryPoint, Era};
pub use lives::Lives;
pub use model::{END, Model};
pub use mortal::Mortal;
pub use plain_client::PlainClient;
pub use reserved_port::ReservedPort;
pub use snapshot::Snapshot;
pub use terminal_client::{Product, TerminalClient};
pub use world::{Server, World};
