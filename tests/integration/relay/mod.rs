//! The relay between a client and its server.

mod transparent;
