//! Where the program begins.

use std::io::{self, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

use nix::sys::signal::Signal;

use super::signals;

/// Makes a function the program, in place of Rust's own start: that one reads `/proc/self/maps`, to tell an overflow of the
/// stack from other faults, and so takes a tenth of the time of a short command.
macro_rules! program {
    ($main:path) => {
        #[allow(unsafe_code, reason = "the C library calls it by this name, and nothing else has it")]
        #[cfg_attr(not(test), unsafe(no_mangle))]
        extern "C" fn main() -> std::ffi::c_int {
            $crate::sys::entry::enter($main)
        }
    };
}
pub(crate) use program;

/// What Rust's start does beside that: a write to a pipe that nobody reads is an error and no death, a panic ends
/// the program with a status of its own, and what was printed is written.
pub fn enter(main: fn() -> ExitCode) -> i32 {
    let _ = signals::ignore(Signal::SIGPIPE);
    let status = catch_unwind(main).map_or(PANICKED, number);
    let _ = io::stdout().flush();
    status
}

const PANICKED: i32 = 101;

/// The status that a code stands for.
fn number(code: ExitCode) -> i32 {
    (0..=u8::MAX).find(|&status| ExitCode::from(status) == code).map_or(1, i32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_has_its_status() {
        assert_eq!([ExitCode::SUCCESS, ExitCode::FAILURE, ExitCode::from(255)].map(number), [0, 1, 255]);
    }
}
