//! The two small processes that answer for a server, and how to ask something of them.
//!
//! `keeper → supervisor → server`: the supervisor starts the tree, watches it and ends it; the keeper ends it should
//! the supervisor die. Each has adopted the orphans below it, each notices the other's death.

mod aftermath;
mod contained;
mod events;
pub mod forgotten;
mod keeper;
pub mod launch;
mod life;
mod lifeline;
mod limits;
mod listening;
pub mod lost;
mod pace;
pub mod plan;
mod port;
mod ready;
pub mod request;
mod restart;
mod running;
mod signs;
pub mod stall;
mod streams;
mod supervise;
mod turn;
pub mod unreadable;
mod watch;
