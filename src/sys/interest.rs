//! What is to be told of changes below directories, and what is told.

use std::path::{Path, PathBuf};

/// What somebody wants to hear of.
pub struct Interest {
    /// Whether anything below a directory matters.
    pub enters: Box<dyn Fn(&Path) -> bool>,
    /// Whether a file does.
    pub matters: Box<dyn Fn(&Path) -> bool>,
}

/// What has changed since one asked last.
#[derive(Debug, Default)]
pub struct Changed {
    /// Files that were written, made, renamed or removed; directories that were moved away with what is in them.
    pub paths: Vec<PathBuf>,
    /// Whether anything may have changed: the kernel has lost count.
    pub is_unknown: bool,
    /// Why not all of it is watched from now on.
    pub trouble: Option<std::io::Error>,
}

/// Where to wait for what is not there: the nearest directory above it.
pub fn above(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(Path::new("/"))
}
