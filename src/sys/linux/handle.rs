//! A hold on one process that cannot come to mean another: a pidfd (`pidfd_open(2)`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::stat::fstat;
use nix::sys::statfs::fstatfs;
use nix::unistd::Pid;

use super::process::{self, Process};
use crate::sys::{Fate, Identity, ready};

/// `PID_FS_MAGIC` of `linux/magic.h`: pidfds live on a file system of their own since Linux 6.9, where an inode
/// number is never used twice in one boot.
const PID_FS_MAGIC: i64 = 0x5049_4446;

/// A process that was there when the handle was opened, and stays the one that is meant.
#[derive(Debug)]
pub struct ProcessHandle {
    identity: Identity,
    /// `None` where the kernel has no pidfds or a filter forbids them; then the identity is compared before each use.
    pidfd: Option<OwnedFd>,
    was_stopped: bool,
}

impl ProcessHandle {
    /// Opens a handle on whatever process has this number now; `None` if there is none.
    pub fn open(pid: Pid) -> Option<Self> {
        let pidfd = match pidfd_open(pid) {
            Ok(pidfd) => Some(pidfd),
            Err(Errno::ESRCH | Errno::EINVAL) => return None,
            Err(_) => None,
        };
        // Read after the pidfd was opened: should the process have ended in between and its number be used again,
        // the pidfd tells (it is readable), and the handle counts as exited.
        let Process { start, stopped, .. } = process::read(pid)?;
        let serial = pidfd.as_ref().and_then(serial_number);
        Some(Self { identity: Identity { pid: pid.as_raw(), start, serial }, pidfd, was_stopped: stopped })
    }

    /// Opens a handle on the process that was recorded; `None` if it has ended, its number belongs to another, or nobody
    /// can tell.
    pub fn reopen(recorded: &Identity) -> Option<Self> {
        match Self::find(recorded) {
            Fate::Lives(handle) => Some(handle),
            Fate::Ended | Fate::Unknown => None,
        }
    }

    /// What has become of the process that was recorded.
    pub fn find(recorded: &Identity) -> Fate {
        let pidfd = match pidfd_open(recorded.pid()) {
            Ok(pidfd) => Some(pidfd),
            Err(Errno::ESRCH | Errno::EINVAL) => return Fate::Ended,
            Err(_) => None,
        };
        let serial = pidfd.as_ref().and_then(serial_number);
        // The same serial number is proof enough, should `/proc` not show the process.
        let (start, was_stopped) = match (process::look(recorded.pid()), serial) {
            (Ok(Some(process)), _) => (process.start, process.stopped),
            (Ok(None), _) => return Fate::Ended,
            (Err(_), Some(serial)) if recorded.serial == Some(serial) => (recorded.start, false),
            (Err(_), Some(_)) if recorded.serial.is_some() => return Fate::Ended,
            (Err(_), _) => return Fate::Unknown,
        };
        let handle = Self { identity: Identity { pid: recorded.pid, start, serial }, pidfd, was_stopped };
        if handle.identity.is_same(recorded) && !handle.has_exited() { Fate::Lives(handle) } else { Fate::Ended }
    }

    /// Makes the handle work in a process that was just forked: pidfds are inherited, so there is nothing to do.
    #[allow(clippy::unused_self, reason = "elsewhere there is")]
    pub fn renew(&mut self) {}

    /// Who this is, in the form that records keep.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    pub fn pid(&self) -> Pid {
        self.identity.pid()
    }

    /// Whether it was stopped or traced when the handle was opened.
    pub fn was_stopped(&self) -> bool {
        self.was_stopped
    }

    /// Whether the process has ended; a zombie has.
    pub fn has_exited(&self) -> bool {
        match &self.pidfd {
            Some(pidfd) => ready::is_readable(pidfd.as_fd()),
            None => process::look(self.pid())
                .is_ok_and(|now| now.is_none_or(|now| now.start != self.identity.start || now.zombie)),
        }
    }

    /// Sends a signal to the process, and to no other.
    ///
    /// # Errors
    /// `ESRCH` when it has ended, `EPERM` when it now belongs to another user (`pidfd_send_signal(2)`).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match &self.pidfd {
            Some(pidfd) => pidfd_send_signal(pidfd, signal)?,
            None if self.has_exited() => return Err(Errno::ESRCH.into()),
            // Without a pidfd there is no way to name a process and signal it in one step.
            None => nix::sys::signal::kill(self.pid(), signal)?,
        }
        Ok(())
    }

    /// What to poll for: readable once the process has ended. `None` where only asking again helps.
    pub fn as_poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }
}

fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let result = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })?;
    let descriptor = i32::try_from(result).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us; nobody else owns it. It is close-on-exec.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn pidfd_send_signal(pidfd: &OwnedFd, signal: Signal) -> nix::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo is allowed and means what kill(2) sends; the descriptor is open.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal as i32, no_info, 0) };
    Errno::result(result).map(drop)
}

fn serial_number(pidfd: &OwnedFd) -> Option<u64> {
    // The same for every pidfd that this kernel makes.
    static IS_NUMBERED: OnceLock<bool> = OnceLock::new();
    let is_numbered = || fstatfs(pidfd).is_ok_and(|data| data.filesystem_type().0 == PID_FS_MAGIC);
    IS_NUMBERED.get_or_init(is_numbered).then_some(())?;
    fstat(pidfd).ok().map(|data| data.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll::Poller;

    #[test]
    fn a_handle_tells_that_its_process_has_ended_before_anyone_collects_it() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat");
        let handle = ProcessHandle::open(Pid::from_raw(i32::try_from(child.id()).expect("a pid"))).expect("it lives");
        assert!(!handle.has_exited());
        let recorded = handle.identity();
        assert!(ProcessHandle::reopen(&recorded).is_some());

        drop(child.stdin.take());
        let mut poller = Poller::new(None);
        poller.process((), &handle);
        poller.wait();
        assert!(handle.has_exited());
        assert!(ProcessHandle::reopen(&recorded).is_none(), "a zombie is not alive");
        child.wait().expect("collected");
    }

    #[test]
    fn a_record_with_another_serial_number_is_not_the_process() {
        let me = ProcessHandle::open(Pid::this()).expect("I live").identity();
        assert!(ProcessHandle::reopen(&me).is_some());
        let impostor = Identity { serial: me.serial.map(|serial| serial + 1), ..me };
        if me.serial.is_some() {
            assert!(ProcessHandle::reopen(&impostor).is_none());
        }
        assert!(ProcessHandle::reopen(&Identity { start: me.start + 1, ..me }).is_none());
    }
}
