//! The pipe from keeper to supervisor: its end is the keeper's end, and signals for the server travel on it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::Signal;

use crate::sys::fd;

/// The keeper's end. Nobody else may have a copy.
pub struct KeeperEnd(File);

/// The supervisor's end.
pub struct SupervisorEnd(File);

/// A new lifeline.
///
/// # Errors
/// As `pipe2(2)`.
pub fn new() -> io::Result<(KeeperEnd, SupervisorEnd)> {
    let (reader, writer) = fd::pipe()?;
    fd::make_nonblocking(&reader)?;
    fd::make_nonblocking(&writer)?;
    Ok((KeeperEnd(writer), SupervisorEnd(reader)))
}

impl KeeperEnd {
    /// Passes a signal on. One that does not fit any more is dropped, as the kernel does with pending signals.
    pub fn send(&mut self, signal: Signal) {
        let number = u8::try_from(signal as i32).unwrap_or_default();
        let _ = self.0.write_all(&[number]);
    }
}

impl SupervisorEnd {
    /// Readable when there is a signal to pass on, or the keeper has ended.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The signals to pass on; `None` when the keeper has ended.
    pub fn read(&mut self) -> Option<Vec<Signal>> {
        let mut numbers = [0; 64];
        match self.0.read(&mut numbers) {
            Ok(0) => None,
            Ok(count) => {
                Some(numbers[..count].iter().filter_map(|&number| Signal::try_from(i32::from(number)).ok()).collect())
            }
            Err(_) => Some(Vec::new()),
        }
    }
}
