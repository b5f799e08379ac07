//! What the kernel says of a process, on every platform.

use std::time::Duration;

use nix::unistd::Pid;

/// A process as `proc_pid_stat(5)` or `sysctl(3)` shows it. On macOS `cpu`, `resident` and `threads` of another user's are 0.
#[derive(Clone, Debug)]
pub struct Process {
    pub pid: Pid,
    /// Its parent; 0 for a process whose parent is outside our pid namespace.
    pub parent: Pid,
    pub group: Pid,
    /// Its session (in the sense of `setsid(2)`); on macOS 0 for one that has ended.
    pub session: Pid,
    /// Device number of its controlling terminal, 0 if it has none.
    pub terminal: u64,
    /// When it started, as in [`super::Identity::start`].
    pub start: u64,
    /// Whether it has ended and nobody has collected its status yet.
    pub zombie: bool,
    /// Whether it does not run until somebody continues it, or a tracer does.
    pub stopped: bool,
    /// Processor time used by itself and, on Linux, by the children it has waited for.
    pub cpu: Duration,
    /// Resident memory in bytes, pages that it shares with others included.
    pub resident: u64,
    pub threads: u64,
    /// Where its stack begins: chosen anew by every `execve(2)`, kept by `fork(2)`. 0 if it may not be seen.
    #[cfg(target_os = "linux")]
    pub(super) image: u64,
    /// Whether it has not executed a program since it was forked.
    #[cfg(target_os = "macos")]
    pub(super) is_fork: bool,
}

/// Names and values of an environment's entries that are text.
pub(super) fn variables<'b>(entries: impl Iterator<Item = &'b [u8]>) -> Vec<(String, String)> {
    let texts = entries.filter_map(|entry| str::from_utf8(entry).ok()?.split_once('='));
    texts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
