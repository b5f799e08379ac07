//! The file with a container's id.

use std::path::Path;

use crate::disk::directory::Directory;
use crate::disk::file::{self, Source};
use crate::disk::file_at::FileAt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cid {
    /// Its client has not asked for a container, or did not get one.
    Missing,
    /// The client was about to ask, or has asked.
    Empty,
    Known(String),
    Unreadable,
}

pub fn read(path: &Path) -> Cid {
    match file_at(path).map(|file| file::read_from(Source::Script, &file)) {
        Some(Ok(None)) => Cid::Missing,
        Some(Ok(Some((content, _)))) => parse(&content),
        Some(Err(_)) | None => Cid::Unreadable,
    }
}

pub fn remove(path: &Path) {
    let _ = file_at(path).map(|file| file.remove());
}

/// In a directory of ours: what others could have put there is no id of our container.
fn file_at(path: &Path) -> Option<FileAt> {
    Some(Directory::owned_at(path.parent()?.to_owned()).file(path.file_name()?.to_str()?))
}

fn parse(content: &[u8]) -> Cid {
    match std::str::from_utf8(content).map(str::trim) {
        Ok("") => Cid::Empty,
        Ok(text) if is_id(text) => Cid::Known(text.to_owned()),
        _ => Cid::Unreadable,
    }
}

/// Whether a text is an id and nothing else: it will be an argument.
pub fn is_id(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_is_taken_for_one() {
        let id = "d0fd4b169367be3e36e3d06b1c509d4b5c05c6542cbc2b187d0cda8a76e86500";
        assert_eq!(parse(id.as_bytes()), Cid::Known(id.to_owned()));
        assert_eq!(parse(format!("{id}\n").as_bytes()), Cid::Known(id.to_owned()));
        assert_eq!(parse(b""), Cid::Empty);
        for bad in ["--all", "web", "d0fd4b16936", "D0FD4B169367", "d0fd4b169367 d0fd4b169368", "\u{e9}"] {
            assert_eq!(parse(bad.as_bytes()), Cid::Unreadable, "{bad}");
        }
        assert_eq!(parse(&[0xff; 20]), Cid::Unreadable);
    }
}
