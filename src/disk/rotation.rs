//! Logs that have grown are put aside: `NAME.log` becomes `NAME.log.1`, which was `NAME.log.2` next, and so on.

use std::fs::File;
use std::io;

use nix::fcntl::OFlag;

use super::file;
use super::file_at::FileAt;

/// No log is kept in this many files.
const MOST: u32 = 1000;

/// The file that was put aside `number` times.
pub fn numbered(file: &FileAt, number: u32) -> FileAt {
    file.beside(format!("{}.{number}", file.name))
}

/// Renames the files so that the name is free; `keep` files stay beside it, older ones are removed.
pub fn put_aside(file: &FileAt, keep: u32) {
    for number in numbers(file).into_iter().rev() {
        let aside = numbered(file, number);
        let _ = if number >= keep { aside.remove() } else { aside.rename(&numbered(file, number + 1).name) };
    }
    let _ = if keep == 0 { file.remove() } else { file.rename(&numbered(file, 1).name) };
}

/// The file and what was put aside of it, newest first.
pub fn files(file: &FileAt) -> Vec<FileAt> {
    std::iter::once(file.clone()).chain(numbers(file).into_iter().map(|number| numbered(file, number))).collect()
}

/// Which numbers there are. While files are renamed one of them is missing.
fn numbers(file: &FileAt) -> Vec<u32> {
    let mut numbers = Vec::new();
    for number in 1..MOST {
        if numbered(file, number).is_there() {
            numbers.push(number);
        } else if numbers.last().is_none_or(|&last| last + 1 < number) && number > 1 {
            break;
        }
    }
    numbers
}

/// The length of a file in bytes; what is not there has none.
pub fn length(file: &FileAt) -> u64 {
    file.look().map_or(0, |found| u64::try_from(found.st_size).unwrap_or_default())
}

/// Opens a log of ours for appending and for looking at its end, made if need be.
pub fn open_shared(file: &FileAt) -> io::Result<File> {
    file::open(file, OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT).map(|(file, _)| file)
}
