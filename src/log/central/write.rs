//! Writing to a file that any number of processes write to and put aside at the same time.

use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};

use super::{CentralEntry, Level};
use crate::disk::file_at::FileAt;
use crate::disk::layout::CentralLogs;
use crate::disk::{lock, rotation};

/// A central log of this size is put aside, in bytes.
const LARGEST: u64 = 10 << 20;
/// How many files are kept beside the current one.
const KEPT: u32 = 3;
/// How often a line is written to a file that is gone by then.
const TRIES: u32 = 5;

/// Adds a line to `main.log`, and a warning or an error to `error.log` too. Does not wait for anybody.
pub fn write(logs: &CentralLogs, entry: &CentralEntry) -> io::Result<()> {
    let line = format!("{entry}\n");
    let shared = |name| Shared { name, lock: &logs.lock, largest: LARGEST, keep: KEPT };
    let main = shared(&logs.main).append(line.as_bytes());
    if entry.level > Level::Info {
        shared(&logs.errors).append(line.as_bytes())?;
    }
    main
}

struct Shared<'logs> {
    name: &'logs FileAt,
    lock: &'logs FileAt,
    largest: u64,
    keep: u32,
}

impl Shared<'_> {
    /// Appends a line by one `write(2)` at the end of the file (`O_APPEND`), so that it is whole. What was opened may
    /// be put aside before the line is written, which loses nothing, or even removed: then it is written once more.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        for _ in 0..TRIES {
            let mut log = self.open()?;
            let length = log.metadata()?.len();
            if length >= self.largest && self.rotate() {
                log = self.open()?;
            }
            // A disk that was full has torn a line.
            let is_torn = length > 0 && {
                let mut last = [b'\n'];
                log.read_at(&mut last, length - 1).is_ok() && last != *b"\n"
            };
            let text = if is_torn { [b"\n", line].concat() } else { line.to_vec() };
            if log.write(&text)? < text.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            if log.metadata()?.nlink() > 0 {
                return Ok(());
            }
        }
        Err(io::Error::other("it is removed again and again"))
    }

    fn open(&self) -> io::Result<std::fs::File> {
        match rotation::open_shared(self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ = self.name.directory.make();
                rotation::open_shared(self.name)
            }
            result => result,
        }
    }

    /// Puts the file aside unless another process is doing so or has done so; true if there is a new one.
    fn rotate(&self) -> bool {
        let Ok(lock) = lock::open(self.lock) else { return false };
        if !lock::try_lock(&lock).unwrap_or(false) {
            return false;
        }
        if rotation::length(self.name) >= self.largest {
            rotation::put_aside(self.name, self.keep);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::disk::directory;

    #[test]
    fn no_line_is_lost_or_torn_while_many_put_the_file_aside() {
        const WRITERS: usize = 20;
        const LINES: usize = 300;
        let (_temporary, directory) = directory::temporary();
        let [log, lock] = ["main.log", "lock"].map(|name| directory.file(name));
        let shared = Shared { name: &log, lock: &lock, largest: 4000, keep: 900 };
        let line = |writer: usize, number: usize| format!("{writer} {number} {}", "x".repeat(number % 200));
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let shared = &shared;
                scope.spawn(move || {
                    for number in 0..LINES {
                        shared.append(format!("{}\n", line(writer, number)).as_bytes()).expect("written");
                    }
                });
            }
        });
        let files = rotation::files(&log);
        assert!(files.len() > 5, "{} files", files.len());
        let text: String = files.iter().map(|log| fs::read_to_string(log.path()).expect("read")).collect();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), WRITERS * LINES);
        let expected: BTreeSet<String> =
            (0..WRITERS).flat_map(|writer| (0..LINES).map(move |number| line(writer, number))).collect();
        assert_eq!(lines.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn a_line_after_a_torn_one_is_whole() {
        let (_temporary, directory) = directory::temporary();
        let [log, lock] = ["main.log", "lock"].map(|name| directory.file(name));
        fs::write(log.path(), "torn").expect("written");
        let shared = Shared { name: &log, lock: &lock, largest: 1000, keep: 1 };
        shared.append(b"whole\n").expect("written");
        shared.append(b"next\n").expect("written");
        assert_eq!(fs::read_to_string(log.path()).expect("read"), "torn\nwhole\nnext\n");
    }
}
