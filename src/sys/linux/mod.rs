//! Linux: pidfds, subreapers, parent-death signals and `/proc`.

pub mod attributes;
pub mod boot;
pub mod caller;
pub mod changes;
pub mod children;
pub mod execute;
pub mod follow;
pub mod handle;
pub mod hangup;
pub mod listeners;
pub mod locks;
pub mod mark;
pub mod orphans;
pub mod process;
pub mod processor;
mod sockets;
pub mod title;
pub mod waits;
