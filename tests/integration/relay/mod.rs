//! The relay between a client and its server.

mod back_pressure;
mod chaos;
mod commands;
mod given_up;
mod idle;
mod leaving;
mod live_view;
mod lives;
mod stdio_client;
mod successors;
mod traffic;
mod transparent;
mod watch;
