//! The relay between a client and its server.

mod idle;
mod stdio_client;
mod transparent;
mod watch;
