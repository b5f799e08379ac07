//! What is said of servers and of the installation.

mod status;
mod watch;
