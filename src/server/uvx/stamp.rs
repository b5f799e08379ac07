//! What something looks like that must not have changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What is at these paths, as far as the file system tells without reading: links are followed. Nothing is something too.
pub fn of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    let mut digest = Sha256::new();
    for path in paths {
        digest.update(path.as_os_str().as_encoded_bytes());
        digest.update(look(path));
    }
    let digits: Vec<String> = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn look(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_default();
    match fs::metadata(path) {
        // What is in a directory is looked at by itself; its own times change with every cache that Python writes.
        Ok(data) if data.is_dir() => format!("\0{}\0{}\0{}\0", real.display(), data.dev(), data.ino()),
        Ok(data) => {
            let (time, nanos) = (data.mtime(), data.mtime_nsec());
            format!("\0{}\0{}\0{}\0{}\0{time}\0{nanos}\0", real.display(), data.dev(), data.ino(), data.len())
        }
        Err(error) => format!("\0{:?}\0", error.kind()),
    }
}

/// What tells of the packages in an environment of Python.
pub fn packages(environment: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for version in list(&environment.join("lib")) {
        for entry in list(&version.join("site-packages")) {
            match entry.extension().and_then(|extension| extension.to_str()) {
                Some("dist-info") => found.extend([entry.join("RECORD"), entry.join("METADATA")]),
                Some("pth" | "egg-link") => found.push(entry),
                _ => {}
            }
        }
    }
    found
}

/// What is in a directory, in the order of names.
pub fn list(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_changed_replaced_or_gone_is_not_the_same() {
        let temporary = tempfile::tempdir().expect("a directory");
        let file = temporary.path().join("a");
        let stamp = || of([file.as_path(), temporary.path()]);
        let mut seen = vec![stamp()];
        fs::write(&file, "x").expect("written");
        seen.push(stamp());
        fs::write(&file, "xy").expect("written");
        seen.push(stamp());
        fs::copy(&file, temporary.path().join("b")).expect("copied");
        assert_eq!(seen.last(), Some(&stamp()), "what else is in the directory does not count");
        fs::rename(temporary.path().join("b"), &file).expect("replaced");
        seen.push(stamp());
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }
}
