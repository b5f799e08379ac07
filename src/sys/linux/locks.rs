//! Who has a lock (`proc_locks(5)`).

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use nix::unistd::Pid;

/// A process that has locked the file that is open here (`flock(2)`); `None` if that cannot be told.
pub fn holder(file: &File) -> Option<Pid> {
    let number = file.metadata().ok()?.ino();
    find(&fs::read_to_string("/proc/locks").ok()?, number)
}

/// Devices are not compared: some file systems show another one there than `stat(2)` does. Instead there must be only one
/// process with a lock on such a number.
fn find(locks: &str, number: u64) -> Option<Pid> {
    let mut holders: Vec<i32> = locks.lines().filter_map(|line| holder_in(line, number)).collect();
    holders.sort_unstable();
    holders.dedup();
    match holders[..] {
        [pid] => Some(Pid::from_raw(pid)),
        _ => None,
    }
}

/// The holder in a line such as `1: FLOCK ADVISORY WRITE 1234 00:2f:5678 0 EOF`.
fn holder_in(line: &str, number: u64) -> Option<i32> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let is_ours = fields.get(1) == Some(&"FLOCK") && fields.get(5)?.rsplit(':').next()?.parse() == Ok(number);
    if is_ours { fields[4].parse().ok().filter(|&pid| pid > 0) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_the_only_process_with_a_lock_on_the_file() {
        let locks = "1: FLOCK  ADVISORY  WRITE 100 00:2f:7 0 EOF\n2: POSIX  ADVISORY  WRITE 200 00:2f:8 0 EOF\n\
                     3: FLOCK  ADVISORY  READ  300 00:2f:9 0 EOF\n4: FLOCK  ADVISORY  READ  301 00:2f:9 0 EOF\n\
                     5: FLOCK  ADVISORY  WRITE 0 00:2f:10 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 400 00:2f:7 0 EOF\n";
        for (number, pid) in [(7, Some(100)), (8, None), (9, None), (10, None), (11, None)] {
            assert_eq!(find(locks, number), pid.map(Pid::from_raw), "{number}");
        }
    }

    #[test]
    fn a_lock_of_this_process_is_found() {
        let file = tempfile::tempfile().expect("a file");
        file.lock().expect("locked");
        assert_eq!(holder(&file), Some(Pid::this()));
    }
}
