//! The list of users. Where HOME is not set, the C library is asked for the home directory already
//! (`std::env::home_dir`).

use std::path::PathBuf;

/// Where programs keep what outlives them, below the home directory. No variable names another place.
pub const STATE: &str = "Library/Application Support";
pub const STATE_VARIABLE: Option<&str> = None;

/// The home directory of a user, if the system's directory knows it (`getpwuid_r(3)`).
pub fn home(user: u32) -> Option<PathBuf> {
    nix::unistd::User::from_uid(user.into()).ok().flatten().map(|user| user.dir)
}
