//! Which file a program's name means.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// The file that `execvp(3)` takes for `word` in `directory`, with `path` as `PATH`.
pub fn find(word: &str, path: &str, directory: &Path) -> Option<PathBuf> {
    if word.contains('/') {
        return Some(directory.join(word)).filter(|file| can_execute(file));
    }
    candidates(word, path, directory).find(|file| can_execute(file))
}

/// Where a word without a slash is looked for.
pub fn candidates(word: &str, path: &str, directory: &Path) -> impl Iterator<Item = PathBuf> {
    path.split(':').map(move |place| directory.join(place).join(word))
}

pub fn can_execute(file: &Path) -> bool {
    file.is_file() && access(file, AccessFlags::X_OK).is_ok()
}
