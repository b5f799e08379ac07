//! A number that a process tree carries and cannot lose by accident. macOS has nothing to keep one in: limits are few
//! and enforced, so there are no marks, and what has escaped is found by its session or its environment.

use nix::errno::Errno;
use nix::unistd::Pid;

/// Turns random bits into a mark: never here.
pub fn choose(_: u64) -> Option<u64> {
    None
}

/// Marks this process.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn set(_: u64) -> nix::Result<()> {
    Err(Errno::ENOTSUP)
}

/// The mark that a process carries: never one.
pub fn read(_: Pid) -> Option<u64> {
    None
}
