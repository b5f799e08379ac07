//! What a process can be waiting for.

use std::os::fd::AsFd;

use nix::sys::stat::{SFlag, fstat};

use super::stat::kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "the other platform tells"))]
pub enum Waiting {
    /// For something to come in on the stream that was asked about.
    ForInput,
    /// For another process, a signal, or the clock for long: by itself it does nothing more.
    Idle,
    /// It works, or waits for something that may be a part of its work.
    Busy,
    /// The system does not tell.
    Unknown,
}

/// What somebody else has to give before a process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "the other platform tells"))]
pub enum Outside {
    /// What somebody types on a terminal.
    Terminal,
    /// A lock on a file.
    Lock,
    /// An answer, or a connection, by TCP.
    Network,
}

/// A stream by its inode, whoever has it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input(
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "the other platform compares it"))] pub(super) u64,
);

impl Input {
    /// The stream behind a descriptor, if it is a pipe or a socket.
    pub fn of(descriptor: impl AsFd) -> Option<Self> {
        let found = fstat(descriptor).ok()?;
        matches!(kind(&found), SFlag::S_IFIFO | SFlag::S_IFSOCK).then_some(Self(found.st_ino))
    }
}
