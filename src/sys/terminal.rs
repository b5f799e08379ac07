//! What a terminal tells of itself (`ioctl_tty(2)`).

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// The width of a terminal in columns; `None` if it does not know, or there is none.
pub fn width(terminal: impl AsFd) -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request writes one `winsize` to a pointer that is valid for the call, and refuses other descriptors.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    Errno::result(result).ok()?;
    Some(size.ws_col.into()).filter(|&columns| columns > 0)
}

/// Whether this process is in the foreground of its terminal.
pub fn is_in_foreground(terminal: impl AsFd) -> bool {
    tcgetpgrp(terminal) == Ok(getpgrp())
}

/// Waits until this process is in the foreground of its terminal: in the background the kernel stops it, and tells the shell
/// (SIGTTOU, `tcsetattr(3)`).
///
/// # Errors
/// When the terminal is gone, or there is no shell that could put us into the foreground.
pub fn await_foreground(terminal: impl AsFd) -> io::Result<()> {
    let stopping = SigSet::from_iter([Signal::SIGTTOU]);
    let before = stopping.thread_swap_mask(SigmaskHow::SIG_UNBLOCK)?;
    // What is set is what there is; whoever is in the background is stopped before.
    let result = tcgetattr(&terminal).and_then(|state| tcsetattr(&terminal, SetArg::TCSANOW, &state));
    before.thread_set_mask()?;
    Ok(result?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_knows_its_width_and_a_file_has_none() {
        let size = libc::winsize { ws_row: 24, ws_col: 72, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(Some(&size), None).expect("a terminal");
        assert_eq!(width(&pty.slave), Some(72));
        let unknown = nix::pty::openpty(None, None).expect("a terminal");
        assert_eq!(width(&unknown.slave), None);
        assert_eq!(width(std::fs::File::open("/dev/null").expect("there")), None);
    }
}
