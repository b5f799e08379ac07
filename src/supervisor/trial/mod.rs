//! A copy of a server that is started only to be spoken to, and ended.
//!
//! `command → checker → server`: the checker is to the server what a supervisor is, and the command is its keeper. Each has
//! adopted the orphans below it, each notices the other's death.

mod activity;
mod allowance;
mod checker;
mod events;
mod farewell;
pub mod http_checker;
mod life;
mod litter;
mod over_port;
mod own_time;
pub mod report;
pub mod terms;
pub mod watch;
