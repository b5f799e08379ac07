//! The device behind a [`Terminal`](super::Terminal) and what comes out of it.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{Winsize, grantpt, posix_openpt, ptsname_r, unlockpt};

/// Both sides of a new terminal. Neither is inherited by what other tests start at the same time: a window would not close.
pub fn open_pty() -> (File, File) {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname_r(&master).unwrap();
    let slave = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name).unwrap();
    // Wide, so that line editors do not wrap what is typed.
    resize(&slave, 50, 2000);
    (File::from(OwnedFd::from(master)), slave)
}

/// Gives a terminal another size.
pub fn resize(terminal: &File, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request reads one `winsize` from a pointer that is valid for the call (ioctl_tty(2)).
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    nix::errno::Errno::result(result).unwrap();
}

/// Takes away what a line editor adds to what commands say: control sequences (ECMA-48 CSI and OSC), carriage returns, and the mark
/// fish puts behind a line without an end, with its padding.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                while rest.next().is_some_and(|part| !('@'..='~').contains(&part)) {}
            }
            '\u{1b}' if rest.peek() == Some(&']') => {
                while rest.next().is_some_and(|part| part != '\u{7}' && part != '\\') {}
            }
            '\u{1b}' => drop(rest.next_if(|part| matches!(part, '=' | '>'))),
            '\u{23ce}' => while rest.next_if(|part| matches!(part, ' ' | '\r')).is_some() {},
            '\r' => {}
            _ => out.push(next),
        }
    }
    out
}

/// The command as leader of a session of its own whose controlling terminal is `terminal`, with all signals as they are by
/// default: tests may have been started by `nohup` or in the background.
pub fn spawn_on(command: &mut Command, terminal: &File) -> Child {
    let [stdin, stdout, stderr] = [(); 3].map(|()| Stdio::from(terminal.try_clone().unwrap()));
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    // SAFETY: between fork and exec only setsid(2), signal(2) and ioctl(2), which are async-signal-safe; nothing is
    // allocated. What cannot be changed, such as SIGKILL, stays.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            for number in 1..libc::SIGRTMIN() {
                libc::signal(number, libc::SIG_DFL);
            }
            nix::errno::Errno::result(libc::ioctl(0, libc::TIOCSCTTY, 0))?;
            Ok(())
        });
    }
    command.spawn().unwrap_or_else(|error| panic!("could not run {command:?}: {error}"))
}
