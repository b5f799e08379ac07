//! Ending processes: when which signal is due, the whole tree of a server, and what is left of one that lost its
//! supervisor and its keeper.

pub mod budget;
mod descendants;
pub mod escaped;
pub mod foreign;
pub mod group;
pub mod orphans;
mod pace;
pub mod stages;
pub mod survivors;
pub mod tree;
