//! What dead sessions left, and servers for which nobody answers any more: looked at (`examine`), decided (`policy`), done
//! (`carry_out`), a little at a time where a shell waits (`incremental`).

pub mod action;
mod carry_out;
mod examine;
mod files;
pub mod incremental;
pub mod logs;
pub mod policy;
mod servers;

pub use self::examine::{ExaminedSession, examine, examine_all, examine_others};
pub use self::files::remove as remove_files;
