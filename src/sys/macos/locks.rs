//! Who has a lock: the system does not tell.

use std::fs::File;

use nix::unistd::Pid;

/// A process that has locked the file that is open here: never known.
pub fn holder(_: &File) -> Option<Pid> {
    None
}
