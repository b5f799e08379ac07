//! The relay between a client and its server.

mod chaos;
mod commands;
mod idle;
mod lives;
mod stdio_client;
mod traffic;
mod transparent;
mod watch;
