//! A number that a process tree carries and that `env -i`, `setsid`, closed descriptors and a double fork do not
//! remove: the limit on file locks, `RLIMIT_LOCKS`.
//!
//! Linux stopped enforcing that limit in 2.4.25 (`getrlimit(2)`), but still keeps it, hands it on to every child and
//! shows it in `/proc/PID/limits`. An ordinary user may lower it from its default (unlimited) to any number, and a
//! descendant that wants to lose it has to do so on purpose. The mark is the last net: it finds what is left of a
//! tree whose supervisor and keeper were both killed.

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

/// Marks are at least this large, so that no limit that somebody chose by hand is taken for one.
const SMALLEST: u64 = 1 << 48;

/// Turns random bits into a mark that this process may set: a hard limit can only be lowered.
/// `None` where the limit has been lowered too far already.
pub fn choose(random: u64) -> Option<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_LOCKS).ok()?;
    // The highest values mean "unlimited".
    let below = hard.min(1 << 62);
    (below > SMALLEST).then(|| SMALLEST + random % (below - SMALLEST))
}

/// Marks this process and all that it will start.
///
/// # Errors
/// `EPERM` when the limit is lower already.
pub fn set(mark: u64) -> nix::Result<()> {
    crate::failpoint::fail_nix("mark")?;
    setrlimit(Resource::RLIMIT_LOCKS, mark, mark)
}

/// The mark that `pid` carries.
pub fn read(pid: Pid) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    let hard = line.split_ascii_whitespace().nth(1)?;
    hard.parse().ok().filter(|&mark| mark >= SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_marks_are_never_below_the_smallest() {
        for random in [0, 1, u64::MAX, 1 << 62] {
            if let Some(mark) = choose(random) {
                assert!((SMALLEST..1 << 62).contains(&mark));
            }
        }
    }

    #[test]
    fn an_unmarked_process_has_no_mark() {
        if choose(0).is_some_and(|_| read(Pid::this()).is_none()) {
            assert_eq!(read(Pid::this()), None);
        }
    }
}
