//! A log file that is rotated by its size. Nobody else writes to it.

use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use nix::fcntl::OFlag;
use nix::sys::stat::FileStat;

use super::line::Stream;
use crate::disk::file_at::FileAt;
use crate::disk::{file, rotation};
use crate::server::settings::LogLimits;

/// Never fails: what cannot be written is counted.
pub struct RotatingFile {
    name: FileAt,
    limits: LogLimits,
    file: Option<File>,
    size: u64,
    dropped: u64,
}

impl RotatingFile {
    /// A log to append to; opened when there is something to write, so that a server does not wait for it to start.
    pub fn new(name: FileAt, limits: LogLimits) -> Self {
        Self { name, limits, file: None, size: 0, dropped: 0 }
    }

    pub fn write(&mut self, mut text: &[u8], now: SystemTime) {
        if text.is_empty() {
            return;
        }
        self.reopen_if_replaced();
        if self.dropped > 0 {
            let notice = dropped(self.dropped, "the log could not be written", now);
            if self.append(&notice) < notice.len() {
                self.dropped += count_lines(text);
                return;
            }
            self.dropped = 0;
        }
        while !text.is_empty() {
            let length = self.fitting(text);
            let written = self.append(&text[..length]);
            if written < length {
                self.dropped += count_lines(&text[written..]);
                return;
            }
            text = &text[length..];
        }
    }

    /// How much of `text` goes into the file as it is, or into the next one: whole lines, at least one.
    fn fitting(&mut self, text: &[u8]) -> usize {
        let line_end = |text: &[u8]| text.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
        for _ in 0..2 {
            let room = usize::try_from(self.limits.size.saturating_sub(self.size)).unwrap_or(usize::MAX);
            if let Some(length) = line_end(&text[..room.min(text.len())]) {
                return length;
            }
            if self.size > 0 {
                rotation::put_aside(&self.name, self.limits.keep);
                self.reopen();
            }
        }
        text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| at + 1)
    }

    /// Appends as many whole lines as there is room for; returns their length. A torn one is taken back.
    fn append(&mut self, text: &[u8]) -> usize {
        let Some(file) = &mut self.file else { return 0 };
        let mut written = 0;
        while written < text.len() {
            match file.write(&text[written..]) {
                Ok(0) => break,
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        if written < text.len() {
            written = text[..written].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let _ = file.set_len(self.size + written as u64);
        }
        self.size += written as u64;
        written
    }

    /// Makes sure that what is open is what the path names.
    fn reopen_if_replaced(&mut self) {
        if !self.file.as_ref().is_some_and(|file| file::is_at(&self.name, file)) {
            self.reopen();
        }
    }

    fn reopen(&mut self) {
        let opened = self.open().or_else(|error| {
            let is_made = error.kind() == io::ErrorKind::NotFound && self.name.directory.ensure_with_parent().is_ok();
            if is_made { self.open() } else { Err(error) }
        });
        self.size = opened.as_ref().map_or(0, |(_, found)| u64::try_from(found.st_size).unwrap_or_default());
        self.file = opened.ok().map(|(file, _)| file);
    }

    fn open(&self) -> io::Result<(File, FileStat)> {
        file::open(&self.name, OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT)
    }
}

/// The line that says how much is missing, and why.
pub fn dropped(count: u64, why: &str, now: SystemTime) -> Vec<u8> {
    let stamp = humantime::format_rfc3339_millis(now);
    let what = if count == 1 { "line was" } else { "lines were" };
    format!("{stamp} {}{count} {what} dropped: {why}\n", Stream::Hook.tag()).into_bytes()
}

pub fn count_lines(text: &[u8]) -> u64 {
    text.split_inclusive(|&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::disk::directory;

    const NOW: SystemTime = UNIX_EPOCH;

    #[test]
    fn a_log_is_rotated_at_line_ends_and_a_few_are_kept() {
        let (_temporary, directory) = directory::temporary();
        let log = directory.file("a.log");
        let mut log_file = RotatingFile::new(log.clone(), LogLimits { size: 100, keep: 2 });
        let lines: Vec<String> = (0..50).map(|number| format!("line {number:02} {}\n", "x".repeat(number))).collect();
        log_file.write(lines.concat().as_bytes(), NOW);
        let kept: Vec<String> =
            rotation::files(&log).iter().map(|log| fs::read_to_string(log.path()).expect("read")).collect();
        assert_eq!(kept.len(), 3);
        assert!(kept.iter().all(|text| text.len() <= 100 && text.ends_with('\n')), "{kept:?}");
        let newest_last: String = kept.into_iter().rev().collect();
        assert!(lines.concat().ends_with(&newest_last));
    }

    #[test]
    fn a_line_that_is_longer_than_a_log_may_be_is_written_all_the_same() {
        let (_temporary, directory) = directory::temporary();
        let log = directory.file("a.log");
        let path = log.path();
        let mut log_file = RotatingFile::new(log.clone(), LogLimits { size: 10, keep: 0 });
        for line in ["a line that is too long\n", "and another one\n"] {
            log_file.write(line.as_bytes(), NOW);
            assert_eq!(fs::read_to_string(&path).expect("read"), line);
        }
        assert_eq!(rotation::files(&log).len(), 1);
    }

    #[test]
    fn a_log_whose_directory_was_removed_or_that_was_moved_is_begun_again() {
        let (_temporary, directory) = directory::temporary();
        let log = directory.below("logs").below("id").file("a.log");
        let path = log.path();
        let mut log_file = RotatingFile::new(log, LogLimits::default());
        log_file.write(b"before\n", NOW);
        fs::remove_dir_all(directory.path().join("logs")).expect("removed");
        log_file.write(b"after\n", NOW);
        assert_eq!(fs::read_to_string(&path).expect("there again"), "after\n");
        fs::rename(&path, path.with_extension("old")).expect("moved");
        log_file.write(b"later\n", NOW);
        assert_eq!(fs::read_to_string(&path).expect("there again"), "later\n");
        assert_eq!(fs::read_to_string(path.with_extension("old")).expect("untouched"), "after\n");
    }

    #[test]
    fn what_could_not_be_written_is_counted() {
        let (_temporary, directory) = directory::temporary();
        let log = directory.file("a.log");
        let path = log.path();
        fs::create_dir(&path).expect("in the way");
        let mut log_file = RotatingFile::new(log, LogLimits::default());
        log_file.write(b"one\ntwo\n", NOW);
        log_file.write(b"three\n", NOW);
        fs::remove_dir(&path).expect("out of the way");
        log_file.write(b"four\n", NOW);
        let expected = "1970-01-01T00:00:00.000Z hook 3 lines were dropped: the log could not be written\nfour\n";
        assert_eq!(fs::read_to_string(&path).expect("read"), expected);
    }
}
