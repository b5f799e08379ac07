//! Which file a program's name means (`execvp(3)`).

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// What stands for a `PATH` that is not set.
pub const USUAL_PATH: &str = "/bin:/usr/bin";

/// The file that is executed for `word` in `directory`, with `path` as `PATH`.
pub fn find(word: &str, path: impl AsRef<OsStr>, directory: &Path) -> Option<PathBuf> {
    if word.contains('/') {
        return Some(directory.join(word)).filter(|file| can_execute(file));
    }
    candidates(word, path, directory).into_iter().find(|file| can_execute(file))
}

/// All files that a word without a slash may mean, the one that is executed first.
pub fn find_all(word: &str, path: impl AsRef<OsStr>, directory: &Path) -> Vec<PathBuf> {
    let mut found = candidates(word, path, directory);
    found.retain(|file| can_execute(file));
    found
}

/// Where a word without a slash is looked for, in this order.
pub fn candidates(word: &str, path: impl AsRef<OsStr>, directory: &Path) -> Vec<PathBuf> {
    env::split_paths(path.as_ref()).map(|place| directory.join(place).join(word)).collect()
}

/// Whether a file can be executed by this user.
pub fn can_execute(file: &Path) -> bool {
    file.is_file() && access(file, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_file_that_can_be_executed_is_meant() {
        let root = tempfile::tempdir().expect("a directory");
        for (file, mode) in [("a/tool", 0o644), ("b/tool", 0o755), ("c/tool", 0o755)] {
            let file = root.path().join(file);
            fs::create_dir(file.parent().expect("a parent")).expect("a directory");
            fs::write(&file, "").expect("a file");
            fs::set_permissions(&file, Permissions::from_mode(mode)).expect("a mode");
        }
        fs::create_dir_all(root.path().join("d/tool")).expect("a directory");
        let found = |word: &str, path: &str| {
            let found = find(word, path, root.path())?;
            Some(found.strip_prefix(root.path()).expect("below the root").to_owned())
        };
        assert_eq!(found("tool", "a:d:nowhere:b:c"), Some("b/tool".into()));
        assert_eq!(found("tool", "a:d"), None);
        assert_eq!(found("c/tool", "b"), Some("c/tool".into()));
        assert_eq!(found("a/tool", "b"), None);
        assert_eq!(find("sh", USUAL_PATH, root.path()), Some("/bin/sh".into()));
        let here = root.path().join("b");
        assert_eq!(find("tool", "", &here), Some(here.join("tool")), "an empty place is this one");
    }
}
