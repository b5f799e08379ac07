//! The children of a process (libproc).

use nix::unistd::Pid;

use super::process::{PROC_PPID_ONLY, list};

/// The processes whose parent is `parent`, ended but uncollected ones included.
pub fn of(parent: Pid) -> Vec<Pid> {
    u32::try_from(parent.as_raw()).map_or(Vec::new(), |parent| list(PROC_PPID_ONLY, parent))
}

/// The same: the list is of the whole process.
pub fn of_first_thread(parent: Pid) -> Vec<Pid> {
    of(parent)
}

/// The children of this process.
pub fn ours() -> Vec<Pid> {
    of(Pid::this())
}

/// Whether the kernel lists the children of a process.
pub fn are_listed() -> bool {
    true
}
