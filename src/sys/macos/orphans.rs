//! Keeping a tree together. macOS can do less than Linux here: orphans go to `launchd`, and no signal is sent to a
//! child whose parent dies.

use nix::errno::Errno;
use nix::unistd::{Pid, getppid};

/// Would make this process the one that orphaned descendants are handed to.
///
/// # Errors
/// Always `ENOTSUP`: there is no subreaper. What has escaped is searched for instead (`terminate::orphans`).
pub fn adopt() -> nix::Result<()> {
    crate::failpoint::fail_nix("subreaper")?;
    Err(Errno::ENOTSUP)
}

/// Would have the kernel kill this process together with its parent; there is no such signal. The hang-up of the
/// supervisor's terminal and the keeper stand in for it. Async-signal-safe: called between fork and exec.
///
/// # Errors
/// `ESRCH` when `parent` is gone already.
pub fn die_with(parent: Pid) -> nix::Result<()> {
    if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH) }
}
