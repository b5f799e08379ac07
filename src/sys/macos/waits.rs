//! What a process waits for: not told here.

use nix::libc;
use nix::sys::stat::fstat;
use nix::unistd::Pid;

/// What a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the other platform tells")]
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

/// A stream as the kernel names it, whoever has it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input(#[allow(dead_code, reason = "the other platform compares it")] u64);

impl Input {
    /// The stream behind a descriptor, if it is a pipe or a socket.
    pub fn of(descriptor: impl std::os::fd::AsFd) -> Option<Self> {
        let status = fstat(descriptor).ok()?;
        let kind = status.st_mode & libc::S_IFMT;
        (kind == libc::S_IFIFO || kind == libc::S_IFSOCK).then_some(Self(status.st_ino))
    }
}

/// What `pid` waits for.
pub fn of(_pid: Pid, _input: Option<Input>) -> Waiting {
    Waiting::Unknown
}

/// Whether `pid` has a socket that it accepts connections on; `None`: the system does not tell.
pub fn listens(_pid: Pid) -> Option<bool> {
    None
}
