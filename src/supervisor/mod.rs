//! The two small processes that answer for a server, and how to ask something of them.
//!
//! `keeper → supervisor → server`: the supervisor starts the tree, watches it and ends it; the keeper ends it should
//! the supervisor die. Each has adopted the orphans below it, each notices the other's death.

mod action;
pub mod announcement;
mod asking;
mod child;
mod client;
mod client_link;
mod client_policy;
mod connection;
mod contained;
pub mod control;
mod desk;
mod end_report;
mod events;
mod execution;
mod file_watch;
mod held_port;
mod instance;
mod keeper;
pub mod launch;
mod launcher_queue;
mod lifeline;
pub mod name_lock;
pub mod plan;
mod port_policy;
mod probes;
pub mod program;
mod readiness;
pub mod recovery;
mod renewal;
mod restart_policy;
mod sampling;
mod savings;
mod shortcut;
mod signs;
pub mod stall;
pub mod stop_error;
mod stop_timeouts;
mod streams;
#[allow(clippy::module_inception, reason = "the folder is about both watchers; this file is one of them")]
mod supervisor;
mod tally;
mod titles;
pub mod trial;
pub mod watchers;
