//! What is asked of the end of a log.

use std::io;
use std::time::SystemTime;

use super::line::{Line, Stream};
use super::reader::{LogReader, Pick};
use crate::disk::file_at::FileAt;

/// The last `count` lines of a log that `wanted` accepts, oldest first. A log that is not there is empty.
pub fn tail(file: &FileAt, count: usize, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let pick = |line: &[u8]| if wanted(&String::from_utf8_lossy(line)) { Pick::Take } else { Pick::Skip };
    let lines = LogReader::open(file)?.last(count, pick)?;
    Ok(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}

/// The last `count` lines that a server printed on standard error in the life that was over at `end`, oldest first.
pub fn last_words(file: &FileAt, count: usize, end: SystemTime) -> io::Result<Vec<Vec<u8>>> {
    let pick = |line: &[u8]| match Line::parse(line) {
        // Of the next run.
        Some(line) if line.time > end => Pick::Skip,
        Some(line) if line.begins_life() => Pick::Stop,
        Some(line) if line.stream == Stream::Err => Pick::Take,
        _ => Pick::Skip,
    };
    let lines = LogReader::open(file)?.last(count, pick)?;
    Ok(lines.iter().filter_map(|line| Line::parse(line)).map(|line| line.text.to_vec()).collect())
}

/// Whether a server printed anything before `moment`, to the millisecond, in the life that it was in then.
pub fn has_printed(file: &FileAt, moment: SystemTime) -> io::Result<bool> {
    let pick = |line: &[u8]| match Line::parse(line) {
        Some(line) if line.time >= moment => Pick::Skip,
        Some(line) if line.begins_life() => Pick::Stop,
        Some(line) if line.stream != Stream::Hook => Pick::Take,
        _ => Pick::Skip,
    };
    Ok(!LogReader::open(file)?.last(1, pick)?.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::directory;

    #[test]
    fn the_last_words_are_those_of_the_life_that_is_meant() {
        let (_temporary, directory) = directory::temporary();
        let log = directory.file("a.log");
        let lives =
            ["1 hook started, pid 1", "1 err old", "2 hook started, pid 2", "3 out no", "3 err one", "4 err two"];
        let next = ["5 hook ended because it ended by itself", "6 hook started, pid 3", "6 err new"];
        let stamped =
            lives.iter().chain(&next).map(|line| format!("2026-09-21T14:13:20.00{}Z {}\n", &line[..1], &line[2..]));
        fs::write(log.path(), stamped.collect::<String>()).expect("written");
        let words = |count, millis: u32| {
            let end = humantime::parse_rfc3339(&format!("2026-09-21T14:13:20.00{millis}Z")).expect("a time");
            let words = last_words(&log, count, end).expect("read");
            words.into_iter().map(|word| String::from_utf8(word).expect("text")).collect::<Vec<_>>()
        };
        assert_eq!(words(9, 4), ["one", "two"]);
        assert_eq!(words(9, 5), ["one", "two"]);
        assert_eq!(words(1, 4), ["two"]);
        assert_eq!(words(9, 1), ["old"]);
        assert_eq!(words(9, 9), ["new"]);
    }
}
