//! What this process was given: environment, working directory, clock. Read here and nowhere else.
#![allow(clippy::disallowed_methods, reason = "this is the one module that reads the state of the process")]

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The value of an environment variable; an empty one counts as unset.
pub fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The value of an environment variable as it is; an empty one is set.
pub fn variable_as_it_is(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The names of all variables, but for those that are no text.
pub fn variable_names() -> Vec<String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
}

/// The same as [`variable`], as text; one that is not UTF-8 counts as unset.
pub fn text_variable(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// All environment variables.
pub fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os()
}

pub fn arguments() -> impl Iterator<Item = OsString> {
    env::args_os().skip(1)
}

pub fn executable() -> io::Result<PathBuf> {
    env::current_exe()
}

/// What another process of this program is started by, also once its file was replaced by a newer one (`proc_pid_exe(5)`).
pub fn own_program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { executable() }
}

pub fn working_directory() -> io::Result<PathBuf> {
    env::current_dir()
}

pub fn change_directory(to: &std::path::Path) -> io::Result<()> {
    env::set_current_dir(to)
}

pub fn now() -> Instant {
    Instant::now()
}

pub fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// The wall clock in milliseconds since the epoch, as records keep it.
pub fn wall_millis() -> u64 {
    millis(wall_clock())
}

/// A point in time in milliseconds since the epoch.
pub fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// How long the machine has been up, suspended time included (`CLOCK_BOOTTIME`, what process starts count in).
pub fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = nix::time::ClockId::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    let clock = nix::time::ClockId::CLOCK_REALTIME;
    nix::time::clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// The user that this process acts as.
pub fn user() -> u32 {
    static USER: OnceLock<u32> = OnceLock::new();
    *USER.get_or_init(|| nix::unistd::geteuid().as_raw())
}

/// The milliseconds since a point in time.
pub fn elapsed_millis(since: Instant) -> u64 {
    u64::try_from(now().duration_since(since).as_millis()).unwrap_or(u64::MAX)
}
