//! The port of a server: held for it before it is started, locked against other sessions, and watched until it listens.

pub mod lease;
pub mod owner;
pub mod probe;
