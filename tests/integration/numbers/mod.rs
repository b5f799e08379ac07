//! What is said of servers and of the installation.

mod doctor;
mod status;
mod watch;
