//! Cutting what a stream says into stamped lines, with secrets masked.

use std::time::SystemTime;

use super::line::Stream;
use crate::server::secrets::Secrets;

/// A longer line is cut into several, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// Cuts what a stream says into stamped lines; a line is whole, and its secrets are masked, before it is written.
pub struct LineBuffer {
    stream: Stream,
    secrets: Secrets,
    partial: Vec<u8>,
    done: Vec<u8>,
}

impl LineBuffer {
    pub fn new(stream: Stream, secrets: Secrets) -> Self {
        Self { stream, secrets, partial: Vec::new(), done: Vec::new() }
    }

    pub fn push(&mut self, bytes: &[u8], now: SystemTime) {
        let stamp = self.stamp(now);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if self.partial.ends_with(b"\n") {
                self.finish_line(&stamp);
            } else if self.partial.len() >= LONGEST_LINE {
                self.cut(&stamp);
            }
        }
    }

    fn stamp(&self, now: SystemTime) -> String {
        format!("{} {}", humantime::format_rfc3339_millis(now), self.stream.tag())
    }

    fn finish_line(&mut self, stamp: &str) {
        if self.partial.ends_with(b"\n") {
            self.partial.pop();
        }
        if self.partial.ends_with(b"\r") {
            self.partial.pop();
        }
        self.secrets.mask(&mut self.partial);
        self.emit(stamp, self.partial.len());
    }

    /// Ends a line before its end. What may be the beginning of a secret stays for the next one.
    fn cut(&mut self, stamp: &str) {
        self.secrets.mask(&mut self.partial);
        let held = self.secrets.longest().saturating_sub(1).min(LONGEST_LINE / 2);
        self.emit(stamp, self.partial.len().saturating_sub(held));
    }

    fn emit(&mut self, stamp: &str, length: usize) {
        self.done.extend_from_slice(stamp.as_bytes());
        self.done.extend(self.partial.drain(..length));
        self.done.push(b'\n');
    }

    /// Ends a line that will not be continued.
    pub fn close(&mut self, now: SystemTime) {
        if !self.partial.is_empty() {
            self.finish_line(&self.stamp(now));
        }
    }

    /// The lines that are whole, as the server printed them, until they are handed over.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let stamp = |line: &[u8]| line.iter().position(|&byte| byte == b' ').map_or(0, |end| end + 1);
        let lines = self.done.split(|&byte| byte == b'\n');
        lines.filter_map(move |line| line.get(stamp(line) + self.stream.tag().len()..))
    }

    /// Hands over the lines that are whole.
    pub(super) fn take(&mut self, with: impl FnOnce(&[u8])) {
        if !self.done.is_empty() {
            with(&self.done);
            self.done.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::super::line::Line;
    use super::*;

    const NOW: SystemTime = UNIX_EPOCH;

    fn texts(lines: &mut LineBuffer) -> Vec<String> {
        lines.close(NOW);
        let mut written = Vec::new();
        lines.take(|text| written.extend_from_slice(text));
        let written = String::from_utf8(written).expect("text");
        let text = |line: &str| Line::parse(line.as_bytes()).expect("stamped").text.to_vec();
        written.lines().map(|line| String::from_utf8(text(line)).expect("text")).collect()
    }

    #[test]
    fn lines_are_stamped_with_the_time_of_their_end() {
        let mut lines = LineBuffer::new(Stream::Err, Secrets::default());
        lines.push(b"one\r\ntw", UNIX_EPOCH + Duration::from_millis(1_790_000_000_123));
        lines.push(b"o\n", UNIX_EPOCH + Duration::from_secs(1_790_000_001));
        lines.take(|text| {
            let expected = "2026-09-21T14:13:20.123Z err one\n2026-09-21T14:13:21.000Z err two\n";
            assert_eq!(text, expected.as_bytes());
        });
    }

    #[test]
    fn a_secret_is_masked_wherever_a_line_without_end_is_cut() {
        for shift in 0..10 {
            let mut lines = LineBuffer::new(Stream::Out, Secrets::new(&["hunter2".into()]));
            let text = format!("{}hunter2{}", "x".repeat(LONGEST_LINE - shift), "y".repeat(100));
            for part in text.as_bytes().chunks(1000 + shift) {
                lines.push(part, NOW);
            }
            let texts = texts(&mut lines);
            assert_eq!(texts.concat(), text.replace("hunter2", "***"), "{shift}");
            assert!(texts.iter().all(|text| text.len() <= LONGEST_LINE + 1010));
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_however_the_text_is_cut(pieces in prop::collection::vec("[a-c\n]{0,9}", 0..20)) {
            let mut lines = LineBuffer::new(Stream::Out, Secrets::default());
            for piece in &pieces {
                lines.push(piece.as_bytes(), NOW);
            }
            lines.close(NOW);
            let seen: Vec<_> = lines.texts().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
            let whole = pieces.concat();
            prop_assert_eq!(&seen, &whole.lines().collect::<Vec<_>>());
            prop_assert_eq!(texts(&mut lines), seen);
        }

        #[test]
        fn no_secret_survives_however_the_text_is_cut(pieces in prop::collection::vec("[x\n]{0,3}(s3cret)?|s3c|ret", 0..20)) {
            let mut lines = LineBuffer::new(Stream::Out, Secrets::new(&["s3cret".into()]));
            for piece in &pieces {
                lines.push(piece.as_bytes(), NOW);
            }
            let whole = pieces.concat().replace("s3cret", "***");
            prop_assert_eq!(texts(&mut lines), whole.lines().collect::<Vec<_>>());
        }
    }
}
