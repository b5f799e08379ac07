//! The list of users, read as the file that it mostly is (`passwd(5)`).
//!
//! A static binary does without the C library's: the GNU one would load its name services at run time for that, from
//! whatever versions the machine has.

use std::fs;
use std::path::PathBuf;

/// Where programs keep what outlives them, below the home directory, and the variable that names another place (XDG Base
/// Directory Specification).
pub const STATE: &str = ".local/state";
pub const STATE_VARIABLE: Option<&str> = Some("XDG_STATE_HOME");

/// The home directory of a user, if the password file knows it.
pub fn home(user: u32) -> Option<PathBuf> {
    of(user, &fs::read_to_string("/etc/passwd").ok()?)
}

fn of(user: u32, list: &str) -> Option<PathBuf> {
    let home = |line: &str| {
        let mut fields = line.split(':').skip(2);
        let is_mine = fields.next()?.parse() == Ok(user);
        is_mine.then(|| fields.nth(2).map(PathBuf::from))?
    };
    list.lines().find_map(home).filter(|home| home.is_absolute())
}

/// Where HOME is not set, `std::env::home_dir` (and so the `directories` crate) asks `getpwuid_r(3)`. This stands in for
/// it and knows nobody (0, and a null result).
#[cfg(target_feature = "crt-static")]
#[unsafe(no_mangle)]
extern "C" fn getpwuid_r(
    _: nix::libc::uid_t,
    _: *mut nix::libc::passwd,
    _: *mut std::ffi::c_char,
    _: nix::libc::size_t,
    result: *mut *mut nix::libc::passwd,
) -> std::ffi::c_int {
    // SAFETY: whoever calls getpwuid_r gives a place for the result; null is its value for "not found".
    unsafe { result.write(std::ptr::null_mut()) };
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_stands_in_the_sixth_field_of_the_user_s_line() {
        let list = "root:x:0:0:root:/root:/bin/bash\n\nbroken:x:7\nme:x:1000:1000:,,,:/home/me:/bin/sh\nno:x:8:8:::\n";
        assert_eq!(of(1000, list), Some("/home/me".into()));
        assert_eq!(of(0, list), Some("/root".into()));
        for nobody in [7, 8, 9] {
            assert_eq!(of(nobody, list), None);
        }
    }
}
