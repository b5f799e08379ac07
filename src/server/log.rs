//! A server's log: one line per line that it printed, with time and stream.
//!
//! ```text
//! 2026-11-22T15:18:08.123Z err listening on 3001
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::disk::file;
use crate::sys::fd;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The server's standard output.
    Out,
    /// The server's standard error.
    Err,
    /// mcp-hook itself.
    Hook,
}

impl Stream {
    /// The stream as it stands in the log: three or four letters and a space.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Out => "out ",
            Self::Err => "err ",
            Self::Hook => "hook ",
        }
    }
}

/// A file of this size is put aside and a new one begun, in bytes.
const LARGEST: u64 = 10 << 20;
/// How many files are kept beside the current one.
const KEPT: u32 = 3;
/// A longer line is cut into several, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// The writing end, owned by the supervisor alone. Never fails: what cannot be written is counted.
pub struct LogWriter {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    dropped: u64,
}

impl LogWriter {
    /// A log to append to; opened when there is something to write, so that a server does not wait for it to start.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, size: 0, dropped: 0 }
    }

    /// Writes a line of our own.
    pub fn note(&mut self, now: SystemTime, text: &str) {
        let mut lines = LineBuffer::new(Stream::Hook);
        lines.push(text.as_bytes(), now);
        self.write(&mut lines.finish(now), 1);
    }

    /// Writes what a stream has said since the last call.
    pub fn append(&mut self, lines: &mut LineBuffer) {
        let (mut text, count) = lines.take();
        self.write(&mut text, count);
    }

    fn write(&mut self, text: &mut Vec<u8>, lines: u64) {
        if text.is_empty() {
            return;
        }
        self.prepare();
        if self.dropped > 0 {
            let stamp = text.iter().position(|&byte| byte == b' ').map_or(&text[..0], |end| &text[..=end]);
            let mut whole = stamp.to_vec();
            whole.extend(format!("hook {} lines were dropped: the log could not be written\n", self.dropped).bytes());
            whole.append(text);
            *text = whole;
        }
        match self.file.as_mut().map(|file| file.write_all(text)) {
            Some(Ok(())) => {
                self.size += text.len() as u64;
                self.dropped = 0;
            }
            _ => {
                self.dropped += lines;
                // A torn line at the end is taken back.
                let _ = self.file.as_ref().map(|file| file.set_len(self.size));
            }
        }
        text.clear();
    }

    /// Makes sure that what is open is what the path names, and not too large.
    fn prepare(&mut self) {
        let is_linked = self.file.as_ref().and_then(|file| file.metadata().ok()).is_some_and(|data| data.nlink() > 0);
        if !is_linked {
            self.reopen();
        } else if self.size >= LARGEST {
            self.rotate();
        }
    }

    fn rotate(&mut self) {
        let numbered = |number: u32| PathBuf::from(format!("{}.{number}", self.path.display()));
        for number in (1..KEPT).rev() {
            let _ = fs::rename(numbered(number), numbered(number + 1));
        }
        let _ = fs::rename(&self.path, numbered(1));
        self.reopen();
    }

    fn reopen(&mut self) {
        if let Some(directory) = self.path.parent() {
            for missing in [directory.parent(), Some(directory)].into_iter().flatten() {
                let _ = file::make_directory(missing);
            }
        }
        self.file = fd::open_append(&self.path).ok();
        self.size = self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |data| data.len());
    }
}

/// Cuts what a stream says into stamped lines; a line is whole before it is written.
pub struct LineBuffer {
    stream: Stream,
    partial: Vec<u8>,
    done: Vec<u8>,
    count: u64,
}

impl LineBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        Self { stream, partial: Vec::new(), done: Vec::new(), count: 0 }
    }

    /// Takes bytes as they come.
    pub fn push(&mut self, bytes: &[u8], now: SystemTime) {
        let stamp = format!("{} {}", humantime::format_rfc3339_millis(now), self.stream.tag());
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if self.partial.ends_with(b"\n") || self.partial.len() >= LONGEST_LINE {
                self.finish_line(&stamp);
            }
        }
    }

    fn finish_line(&mut self, stamp: &str) {
        let text = self.partial.strip_suffix(b"\n").unwrap_or(&self.partial);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        self.done.extend_from_slice(stamp.as_bytes());
        self.done.extend_from_slice(text);
        self.done.push(b'\n');
        self.count += 1;
        self.partial.clear();
    }

    /// Everything, the unfinished line included.
    fn finish(&mut self, now: SystemTime) -> Vec<u8> {
        self.close(now);
        self.take().0
    }

    /// Ends a line that will not be continued.
    pub fn close(&mut self, now: SystemTime) {
        if !self.partial.is_empty() {
            self.finish_line(&format!("{} {}", humantime::format_rfc3339_millis(now), self.stream.tag()));
        }
    }

    fn take(&mut self) -> (Vec<u8>, u64) {
        (std::mem::take(&mut self.done), std::mem::take(&mut self.count))
    }
}

/// The last `count` lines of a log that `wanted` accepts, oldest first; of the file put aside too if need be.
///
/// # Errors
/// When the log cannot be read; one that is not there is empty.
pub fn tail(path: &Path, count: usize, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for file in [path.to_owned(), format!("{}.1", path.display()).into()] {
        let content = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let text = String::from_utf8_lossy(&content);
        let missing = count - lines.len();
        lines.extend(text.lines().rev().filter(|line| wanted(line)).take(missing).map(str::to_owned));
        if lines.len() == count {
            break;
        }
    }
    lines.reverse();
    Ok(lines)
}

/// The text of a log line without time and stream, if it is of `stream`.
#[must_use]
pub fn text_of(line: &str, stream: Stream) -> Option<&str> {
    line.split_once(' ')?.1.strip_prefix(stream.tag())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn moment() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_790_000_000_123)
    }

    #[test]
    fn lines_are_stamped_and_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        let mut log = LogWriter::new(&path);
        let mut lines = LineBuffer::new(Stream::Err);
        lines.push(b"one\r\ntw", moment());
        log.append(&mut lines);
        lines.push(b"o\n", moment());
        log.append(&mut lines);
        log.note(moment(), "started");
        let stamp = "2026-09-21T14:13:20.123Z";
        let expected = format!("{stamp} err one\n{stamp} err two\n{stamp} hook started\n");
        assert_eq!(fs::read_to_string(&path).expect("read"), expected);
        assert_eq!(tail(&path, 1, |line| text_of(line, Stream::Err).is_some()).expect("read").len(), 1);
    }

    #[test]
    fn a_log_whose_directory_was_removed_is_begun_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("logs").join("id").join("a.log");
        let mut log = LogWriter::new(&path);
        log.note(moment(), "before");
        fs::remove_dir_all(directory.path().join("logs")).expect("removed");
        log.note(moment(), "after");
        assert!(fs::read_to_string(&path).expect("there again").ends_with("hook after\n"));
    }

    #[test]
    fn a_large_log_is_put_aside_and_a_few_are_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        let mut log = LogWriter::new(&path);
        let mut lines = LineBuffer::new(Stream::Out);
        let megabyte = [b"x".repeat(1023), b"\n".to_vec()].concat().repeat(1024);
        for _ in 0..55 {
            lines.push(&megabyte, moment());
            log.append(&mut lines);
        }
        let mut sizes: Vec<u64> = fs::read_dir(directory.path())
            .expect("listed")
            .flatten()
            .map(|it| it.metadata().expect("data").len())
            .collect();
        sizes.sort_unstable();
        assert_eq!(sizes.len(), 1 + KEPT as usize);
        assert!(sizes.iter().all(|&size| size < LARGEST + (2 << 20)), "{sizes:?}");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_however_the_text_is_cut(pieces in prop::collection::vec("[a-c\n]{0,9}", 0..20)) {
            let mut lines = LineBuffer::new(Stream::Out);
            for piece in &pieces {
                lines.push(piece.as_bytes(), moment());
            }
            let written = String::from_utf8(lines.finish(moment())).expect("text");
            let texts: Vec<&str> = written.lines().map(|line| text_of(line, Stream::Out).expect("stamped")).collect();
            let whole = pieces.concat();
            prop_assert_eq!(texts, whole.lines().collect::<Vec<_>>());
        }
    }
}
