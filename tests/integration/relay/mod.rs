//! The relay between a client and its server.

mod commands;
mod idle;
mod lives;
mod stdio_client;
mod transparent;
mod watch;
