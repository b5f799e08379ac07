//! A pseudo-terminal whose only purpose is to be hung up (`pty(7)`).
//!
//! The supervisor leads a session that has it as its controlling terminal, and the server's group is in the
//! foreground there. When the supervisor is killed, the kernel hangs up and sends SIGHUP to that group
//! (`credentials(7)`), even if nobody else of ours is left. The supervisor, not the server, leads the session:
//! the kernel would also hang up when a leader like `npm exec` ends, and so cut short the grace time of the rest.
//!
//! Nobody reads what is written to it and nobody types, so a server must not be able to open it: `/dev/tty` fails at once,
//! as it does where there is no terminal.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{PtyMaster, grantpt, posix_openpt, unlockpt};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{getpgrp, tcsetpgrp};

use super::signals::ignore;

/// Both sides of a pseudo-terminal; hangs up when dropped.
pub struct Pty {
    terminal: OwnedFd,
    _master: PtyMaster,
}

impl Pty {
    /// Makes a pseudo-terminal and takes it as the controlling terminal of this process, which must lead a session.
    ///
    /// # Errors
    /// As `posix_openpt(3)` and `ioctl_tty(2)`: a container may have no `/dev/ptmx`. Also when it can be opened all the
    /// same: a server that waits for an answer on it is worse than one net less.
    pub fn take_as_controlling() -> io::Result<Self> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let terminal = nix::fcntl::open(name(&master)?.as_str(), flags, Mode::empty())?;
        // SAFETY: TIOCSCTTY takes an integer and acts on a descriptor that is open.
        Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), REQUEST, 0) })?;
        lock(&master, &terminal)?;
        if File::open("/dev/tty").is_ok() {
            return Err(Errno::ENOTTY.into());
        }
        Ok(Self { terminal, _master: master })
    }

    /// The foreground, for a process that is about to be forked.
    pub fn foreground(&self) -> Foreground {
        Foreground(self.terminal.as_raw_fd())
    }

    /// Takes the foreground back: a hang-up reaches nobody but ourselves then.
    pub fn release(&self) {
        let _ = tcsetpgrp(self.terminal.as_fd(), getpgrp());
    }
}

/// The foreground of a terminal: the process group that a hang-up reaches.
#[derive(Clone, Copy)]
pub struct Foreground(RawFd);

impl Foreground {
    /// Puts the group that this process leads into it, as far as that works. Async-signal-safe: called between fork and
    /// exec, so that no instruction of the program runs out of reach of a hang-up. SIGTTOU is ignored from then on
    /// (`tcsetpgrp(3)` from the background would stop the process).
    pub fn take(self) {
        let _ = ignore(Signal::SIGTTOU);
        // SAFETY: the call takes two numbers; a descriptor that is none is refused.
        unsafe { libc::tcsetpgrp(self.0, libc::getpid()) };
    }
}

#[cfg(target_os = "linux")]
const REQUEST: libc::Ioctl = libc::TIOCSCTTY;
#[cfg(not(target_os = "linux"))]
const REQUEST: libc::c_ulong = libc::TIOCSCTTY as libc::c_ulong;

/// Keeps everybody from opening the terminal from now on, under every name, root too (`TIOCSPTLCK`, `ioctl_tty(2)`).
#[cfg(target_os = "linux")]
fn lock(master: &PtyMaster, _terminal: &OwnedFd) -> io::Result<()> {
    crate::failpoint::fail_io("terminal-lock")?;
    let locked: libc::c_int = 1;
    // SAFETY: the request reads one integer from a pointer that is valid for the call.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const locked) })?;
    Ok(())
}

/// Keeps everybody but root from opening the terminal from now on (`TIOCEXCL`, `tty(4)`).
#[cfg(not(target_os = "linux"))]
fn lock(_master: &PtyMaster, terminal: &OwnedFd) -> io::Result<()> {
    const EXCLUSIVE: libc::c_ulong = libc::TIOCEXCL as libc::c_ulong;
    crate::failpoint::fail_io("terminal-lock")?;
    // SAFETY: the request takes no argument.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), EXCLUSIVE) })?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn name(master: &PtyMaster) -> nix::Result<String> {
    nix::pty::ptsname_r(master)
}

#[cfg(not(target_os = "linux"))]
fn name(master: &PtyMaster) -> nix::Result<String> {
    // SAFETY: ptsname uses a static buffer; this process has one thread.
    unsafe { nix::pty::ptsname(master) }
}
