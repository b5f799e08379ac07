//! Collecting children (`waitpid(2)`). The raw calls, because a child may be ended by a real-time signal, for which
//! the `nix` crate has no name.

use std::fmt;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// It left with this status.
    Code(i32),
    /// A signal with this number ended it.
    Signal(i32),
}

impl Exit {
    /// The status that a shell reports: 128 + n for signal n.
    pub fn shell_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(number) => 128 + number,
        }
    }

    fn of(status: i32) -> Self {
        let status = ExitStatus::from_raw(status);
        match status.signal() {
            Some(number) => Self::Signal(number),
            None => Self::Code(status.code().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit status {code}"),
            Self::Signal(number) => write!(formatter, "signal {number}"),
        }
    }
}

/// What [`collect`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// A child had ended and is gone now.
    One(Pid, Exit),
    /// There are children, none has ended.
    StillRunning,
    /// There are no children.
    NoChildren,
}

/// How `child` ended, if it has; it stays a zombie, so its number (and its group's) stays ours.
pub fn peek(child: Pid) -> Option<Exit> {
    let id = libc::id_t::try_from(child.as_raw()).ok()?;
    look(libc::P_PID, id).map(|(_, exit)| exit)
}

/// Whether `pid` is a child of ours that has not been collected, so that nobody else can have its number.
pub fn is_child(pid: Pid) -> bool {
    let Ok(id) = libc::id_t::try_from(pid.as_raw()) else { return false };
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: waitid writes at most one siginfo_t.
    unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), flags) == 0 }
}

/// A child that has ended, if there is one; it stays a zombie.
pub fn peek_any() -> Option<Pid> {
    look(libc::P_ALL, 0).map(|(pid, _)| pid)
}

fn look(which: libc::idtype_t, id: libc::id_t) -> Option<(Pid, Exit)> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: waitid writes at most one siginfo_t, which a zeroed one may be read as too.
    let info = unsafe {
        Errno::result(libc::waitid(which, id, info.as_mut_ptr(), flags)).ok()?;
        info.assume_init()
    };
    // SAFETY: waitid filled in the fields of SIGCHLD, or left all zero when nothing has ended.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    let exit = if info.si_code == libc::CLD_EXITED { Exit::Code(status) } else { Exit::Signal(status) };
    (pid > 0).then_some((Pid::from_raw(pid), exit))
}

/// Collects `child` if it has ended.
pub fn collect_one(child: Pid) -> Option<Exit> {
    match wait_now(child) {
        Collected::One(_, exit) => Some(exit),
        Collected::StillRunning | Collected::NoChildren => None,
    }
}

/// Collects any one child that has ended.
pub fn collect() -> Collected {
    wait_now(Pid::from_raw(-1))
}

/// Kills a child of ours and collects it, which takes no longer than it takes to die.
pub fn end(child: Pid) {
    let _ = kill(child, Signal::SIGKILL);
    collect_ended(child);
}

/// Collects a child that is about to end.
pub fn collect_ended(child: Pid) {
    // SAFETY: without a place for the status nothing is written.
    while Errno::result(unsafe { libc::waitpid(child.as_raw(), std::ptr::null_mut(), 0) }) == Err(Errno::EINTR) {}
}

fn wait_now(which: Pid) -> Collected {
    let mut status = 0;
    loop {
        // SAFETY: waitpid writes one integer.
        match Errno::result(unsafe { libc::waitpid(which.as_raw(), &raw mut status, libc::WNOHANG) }) {
            Ok(0) => return Collected::StillRunning,
            Ok(pid) => return Collected::One(Pid::from_raw(pid), Exit::of(status)),
            Err(Errno::EINTR) => {}
            Err(_) => return Collected::NoChildren,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_ours_until_it_is_collected() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
        let pid = Pid::from_raw(child.id().cast_signed());
        assert!(is_child(pid));
        drop(child.stdin.take());
        while peek(pid).is_none() {
            std::hint::spin_loop();
        }
        assert!(is_child(pid), "a zombie keeps its number");
        child.wait().expect("collected");
        assert!(!is_child(pid));
        assert!(!is_child(Pid::this()));
    }
}
