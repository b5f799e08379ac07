//! Reading a log.

use std::fs;
use std::io;
use std::path::Path;

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
