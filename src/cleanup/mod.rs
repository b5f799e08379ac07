//! Ending processes: when which signal is due, the whole tree of a server, and what is left of one that lost its
//! supervisor and its keeper.

mod below;
pub mod group;
pub mod lost;
pub mod outside;
pub mod pace;
pub mod retention;
pub mod stray;
pub mod survivors;
pub mod tree;
