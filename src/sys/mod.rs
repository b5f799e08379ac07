//! The operating system: everything that is platform-specific and every `unsafe` of the project.
//!
//! The platform modules (`linux`, `macos`) export the same names; the rest of the project does not know which of
//! them it talks to. Where a platform cannot do a thing, the function says so in its result and the caller has a
//! fallback. What both return or take stands here (`process_info`, `listener`, `waiting`, `interest`, `execution`).
//!
//! | about | modules |
//! |---|---|
//! | one process, held so that its number cannot come to mean another | `handle`, [`Identity`], `host`, `boot` |
//! | facts about processes | `process`, `caller`, `children`, `waits`, `listeners`, `locks`, `users` |
//! | whose a process is | `mark`, `orphans` |
//! | starting processes and collecting them | `entry`, `fork`, `exit`, `spawn`, `execute`, `background`, `wait`, `title` |
//! | terminals and signals | `terminal`, `pty`, `signals` |
//! | waiting for several things at once, or asking about one | `poll`, `ready`, `hangup`, `follow`, `changes` |
//! | what processors do at once | `lanes` |
//! | files, descriptors, ports | `directory`, `stat`, `executable`, `attributes`, `fd`, `socket` |

#![allow(unsafe_code, reason = "this is the module for it; every block says why it is sound")]

pub mod background;
pub mod directory;
pub mod entry;
pub mod executable;
pub mod execution;
pub mod exit;
pub mod fd;
pub mod fork;
pub mod host;
pub mod interest;
pub mod lanes;
pub mod listener;
pub mod poll;
#[cfg(any(target_os = "macos", test))]
mod procargs;
pub mod process_info;
pub mod pty;
pub mod ready;
pub mod shared_writer;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod stat;
pub mod terminal;
pub mod users;
pub mod wait;
pub mod waiting;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use self::linux::{
    attributes, boot, caller, changes, children, execute, follow, handle, hangup, listeners, locks, mark, orphans,
    process, processor, title, waits,
};

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
pub use self::macos::{
    attributes, boot, caller, changes, children, execute, follow, handle, hangup, listeners, locks, mark, orphans,
    process, processor, title, waits,
};

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("mcp-hook supports Linux and macOS only");

use serde::{Deserialize, Serialize};

pub use nix::unistd::Pid;

/// Who a process is, beyond its number: numbers come back at once, so a record never holds a bare pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process id, valid in the pid namespace of the [`host::Host`] recorded beside it.
    pub pid: i32,
    /// When the process started: clock ticks since boot on Linux (`proc_pid_stat(5)`, field 22), microseconds since
    /// the epoch on macOS. Not unique by itself: a number can be used twice within one tick.
    pub start: u64,
    /// A number that the kernel never gives twice in one boot: the inode of the pidfd (Linux 6.9 and later), the
    /// unique process id (macOS). `None` where the kernel has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
}

impl Identity {
    /// Whether both name the same process. Serial numbers decide where both have one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.pid == other.pid
            && self.start == other.start
            && match (self.serial, other.serial) {
                (Some(mine), Some(theirs)) => mine == theirs,
                _ => true,
            }
    }

    /// The process id in the type that system calls take.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.pid)
    }
}

/// What has become of a process that was recorded.
#[derive(Debug)]
pub enum Fate {
    /// It lives; this is a hold on it.
    Lives(handle::ProcessHandle),
    /// It has ended, or its number belongs to another.
    Ended,
    /// It cannot be looked at: there is no `/proc`, it does not show it, or too many files are open.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::Identity;

    fn identity(pid: i32, start: u64, serial: Option<u64>) -> Identity {
        Identity { pid, start, serial }
    }

    #[test]
    fn the_serial_number_decides_when_pid_and_start_are_the_same() {
        let recorded = identity(7, 100, Some(1));
        assert!(recorded.is_same(&identity(7, 100, Some(1))));
        assert!(!recorded.is_same(&identity(7, 100, Some(2))));
        assert!(!recorded.is_same(&identity(7, 101, Some(1))));
        assert!(recorded.is_same(&identity(7, 100, None)));
    }
}
