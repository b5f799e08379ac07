//! The C library's list of users, which this program does without.
//!
//! Where HOME is not set, `std::env::home_dir` (and so the `directories` crate) asks `getpwuid_r(3)`. In a static binary
//! the GNU C library would load its name services at run time for that, from whatever versions the machine has. This
//! stands in for it and knows nobody: without HOME there is no home directory, and the error says so.

use std::ffi::{c_char, c_int};

use nix::libc::{passwd, size_t, uid_t};

/// Finds no user (`getpwuid_r(3)`: 0, and a null result).
#[unsafe(no_mangle)]
extern "C" fn getpwuid_r(_: uid_t, _: *mut passwd, _: *mut c_char, _: size_t, result: *mut *mut passwd) -> c_int {
    // SAFETY: whoever calls getpwuid_r gives a place for the result; null is its value for "not found".
    unsafe { result.write(std::ptr::null_mut()) };
    0
}
