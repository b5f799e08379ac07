//! A hold on one process that cannot come to mean another: a kqueue that waits for its end (`kqueue(2)`,
//! `EVFILT_PROC`), and its unique id.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::process::{self, Process};
use crate::sys::{Fate, Identity, ready};

/// A process that was there when the handle was opened, and stays the one that is meant.
#[derive(Debug)]
pub struct ProcessHandle {
    identity: Identity,
    /// Readable from the end of the process on: the event is never fetched. `None` if it had ended before.
    exit: Option<OwnedFd>,
    was_stopped: bool,
}

impl ProcessHandle {
    /// Opens a handle on whatever process has this number now; `None` if there is none.
    pub fn open(pid: Pid) -> Option<Self> {
        // Waiting for the end first, then reading who it is: should the process have ended in between and its number
        // be used again, the kqueue tells (it is readable), and the handle counts as exited.
        let exit = wait_for_exit(pid).ok();
        let Process { start, stopped, .. } = process::read(pid)?;
        let serial = process::serial_number(pid);
        Some(Self { identity: Identity { pid: pid.as_raw(), start, serial }, exit, was_stopped: stopped })
    }

    /// Opens a handle on the process that was recorded; `None` if it has ended or its number belongs to another.
    pub fn reopen(recorded: &Identity) -> Option<Self> {
        let handle = Self::open(recorded.pid())?;
        (handle.identity.is_same(recorded) && !handle.has_exited()).then_some(handle)
    }

    /// What has become of the process that was recorded.
    pub fn find(recorded: &Identity) -> Fate {
        match Self::reopen(recorded) {
            Some(handle) => Fate::Lives(handle),
            // Where not even we are seen, nothing is known of others.
            None if process::read(Pid::this()).is_none() => Fate::Unknown,
            None => Fate::Ended,
        }
    }

    /// Makes the handle work in a process that was just forked: kqueues are not inherited (`kqueue(2)`).
    pub fn renew(&mut self) {
        // Here the number of the descriptor is free or another's by now; it is not ours to close.
        std::mem::forget(self.exit.take());
        self.exit = Self::reopen(&self.identity).and_then(|handle| handle.exit);
    }

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
        let Some(exit) = &self.exit else { return !self.is_still_there() };
        ready::is_readable(exit.as_fd())
    }

    /// Sends a signal to the process, and to no other: who has the number now is looked at right before. In the instant
    /// between look and signal the process would have to end, be collected, and its number be used again; macOS gives
    /// numbers out in a circle, so that takes a whole round of them.
    ///
    /// # Errors
    /// `ESRCH` when it has ended, `EPERM` when it now belongs to another user (`kill(2)`).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.has_exited() || !self.is_still_there() {
            return Err(Errno::ESRCH.into());
        }
        Ok(kill(self.pid(), signal)?)
    }

    /// What to poll for: readable once the process has ended. `None` where only asking again helps.
    pub fn as_poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.exit.as_ref().map(AsFd::as_fd)
    }

    fn is_still_there(&self) -> bool {
        let now = process::read(self.pid()).filter(|now| !now.zombie);
        let serial = process::serial_number(self.pid());
        now.is_some_and(|now| self.identity.is_same(&Identity { start: now.start, serial, ..self.identity }))
    }
}

/// A kqueue that becomes readable when `pid` ends.
///
/// # Errors
/// `ESRCH` if there is no such process or it has ended (`kqueue(2)`).
fn wait_for_exit(pid: Pid) -> nix::Result<OwnedFd> {
    let queue = Kqueue::new()?;
    let number = usize::try_from(pid.as_raw()).map_err(|_| Errno::ESRCH)?;
    let end = KEvent::new(number, EventFilter::EVFILT_PROC, EvFlags::EV_ADD, FilterFlag::NOTE_EXIT, 0, 0);
    queue.kevent(&[end], &mut [], None)?;
    Ok(queue.into())
}
