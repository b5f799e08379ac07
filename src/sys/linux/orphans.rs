//! Keeping a tree together: who inherits orphans, and what happens to a child whose parent dies.

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// Makes this process the one that orphaned descendants are handed to (`PR_SET_CHILD_SUBREAPER(2const)`).
///
/// # Errors
/// `EINVAL` where the kernel cannot do it; then escaped descendants are found by their mark.
pub fn adopt() -> nix::Result<()> {
    crate::failpoint::fail_nix("subreaper")?;
    prctl::set_child_subreaper(true)
}

/// Has the kernel kill this process when the thread that forked it ends (`PR_SET_PDEATHSIG(2const)`).
/// Async-signal-safe: called between fork and exec.
///
/// # Errors
/// `ESRCH` when `parent` is gone already.
pub fn die_with(parent: Pid) -> nix::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // Between the fork and the call above the parent may have died unnoticed.
    if getppid() == parent { Ok(()) } else { Err(nix::errno::Errno::ESRCH) }
}
