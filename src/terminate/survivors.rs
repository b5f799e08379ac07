//! What SIGKILL did not end, and why not.

use nix::errno::Errno;
use nix::sys::signal::kill;

use crate::sys::Pid;

/// What SIGKILL did not end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survivors {
    pub pids: Vec<Pid>,
    /// Those among them that we may not signal: they run with other privileges (`EPERM`, `kill(2)`). The kernel holds the
    /// others.
    pub refused: Vec<Pid>,
}

impl Survivors {
    /// Tells them apart. All must be unreaped children of ours.
    pub fn tell_apart(pids: Vec<Pid>) -> Self {
        let refused = pids.iter().copied().filter(|&pid| kill(pid, None) == Err(Errno::EPERM)).collect();
        Self { pids, refused }
    }
}
