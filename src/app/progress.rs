//! What is going on while a use case works: told to the caller, who chooses whether and in which words it is shown.

use crate::disk::names::ServerName;

/// Something that takes a while.
#[derive(Clone, Copy)]
pub enum Wait<'a> {
    /// The end of a server that was asked to end.
    Stop(&'a ServerName),
}

/// Who is told.
pub trait Progress {
    /// Does `work`, which waits for something. It never forks: threads may run meanwhile.
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T;
}
