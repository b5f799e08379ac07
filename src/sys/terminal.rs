//! What a terminal tells of itself (`ioctl_tty(2)`).

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;

/// The width of a terminal in columns; `None` if it does not know, or there is none.
#[must_use]
pub fn width(terminal: impl AsFd) -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request writes one `winsize` to a pointer that is valid for the call, and refuses other descriptors.
    let result = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    Errno::result(result).ok()?;
    Some(size.ws_col.into()).filter(|&columns| columns > 0)
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
