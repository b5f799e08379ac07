//! Starting a server's first process.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::libc;
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, setpgid};

use super::pty::Foreground;
use super::{orphans, signals};

/// Starts `command` as the leader of a process group of its own in our session. It ignores the signals `ignored`; all others
/// have their default effect, and none is blocked. The kernel kills it when this process ends, and hangs up on its group if
/// that is in the foreground.
///
/// # Errors
/// As `fork(2)` and `execve(2)`: `NotFound` and `PermissionDenied` are what a shell reports as 127 and 126.
pub fn spawn(command: &mut Command, foreground: Option<Foreground>, ignored: SigSet) -> io::Result<Child> {
    let parent = Pid::this();
    let this_process = Pid::from_raw(0);
    let prepare = move || {
        setpgid(this_process, this_process)?;
        if let Some(foreground) = foreground {
            foreground.take();
        }
        signals::reset_all(ignored);
        orphans::die_with(parent)?;
        Ok(())
    };
    // SAFETY: between fork and exec `prepare` makes system calls only; it neither allocates nor locks.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}

/// Starts `command` in a process group that is there, in nobody's way: it gets what others leave of the processor. The
/// kernel kills it when this process ends.
///
/// # Errors
/// As `fork(2)`, `setpgid(2)` and `execve(2)`.
pub fn spawn_aside(command: &mut Command, group: Pid) -> io::Result<Child> {
    let parent = Pid::this();
    let prepare = move || {
        setpgid(Pid::from_raw(0), group)?;
        // SAFETY: a system call on the process itself; where it is refused the process is as others are.
        let _ = unsafe { libc::nice(LOWEST_PRIORITY) };
        signals::reset_all(SigSet::empty());
        orphans::die_with(parent)?;
        Ok(())
    };
    // SAFETY: between fork and exec `prepare` makes system calls only; it neither allocates nor locks.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}

/// `nice(2)`.
const LOWEST_PRIORITY: i32 = 19;
