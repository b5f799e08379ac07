//! What a process waits for: not told here.

use nix::unistd::Pid;

pub use crate::sys::waiting::{Input, Outside, Waiting};

/// What `pid` waits for.
pub fn of(_pid: Pid, _input: Option<Input>) -> Waiting {
    Waiting::Unknown
}

/// Whether `pid` has a socket that it accepts connections on; `None`: the system does not tell.
pub fn listens(_pid: Pid) -> Option<bool> {
    None
}

/// What `pid` waits for that somebody else has to give.
pub fn outside(_pid: Pid) -> Option<Outside> {
    None
}
