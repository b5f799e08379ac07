//! Ending this process.

use nix::libc;
use nix::sys::signal::{SigSet, Signal, raise};

use super::signals;

/// Ends it at once, without running what is registered for the exit of the program it was split from (`_exit(2)`).
pub fn now(code: i32) -> ! {
    // SAFETY: _exit only ends the process.
    unsafe { libc::_exit(code) }
}

/// Ends it by a signal that it has caught, so that its parent sees which one it was.
pub fn by_signal(signal: Signal) -> ! {
    signals::reset(signal as i32);
    let _ = SigSet::empty().thread_set_mask();
    let _ = raise(signal);
    now(128 + signal as i32)
}
