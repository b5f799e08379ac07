//! How a process gets on with the processors that it shares with others.

use std::fs;
use std::time::Duration;

use nix::unistd::Pid;

/// How long each thread that `pid` has now has waited for a processor: the second number of `/proc/PID/task/TID/schedstat` (Linux
/// `Documentation/scheduler/sched-stats.rst`). Told of one that has ended and was not collected, too; none where the kernel
/// does not count it.
pub fn waits(pid: Pid) -> Vec<(Pid, Duration)> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let wait = |thread: fs::DirEntry| {
        let id = thread.file_name().to_str()?.parse().ok()?;
        Some((Pid::from_raw(id), parse(&fs::read_to_string(thread.path().join("schedstat")).ok()?)?))
    };
    threads.filter_map(wait).collect()
}

fn parse(schedstat: &str) -> Option<Duration> {
    schedstat.split_ascii_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_the_second_number() {
        assert_eq!(parse("60249 49829 2\n"), Some(Duration::from_nanos(49829)));
        assert_eq!(parse("60249\n"), None);
    }
}
