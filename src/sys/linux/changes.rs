//! Telling of changes in directories with all that is below them (`inotify(7)`).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

/// Watches directories, and files by the directory they are in.
pub struct Changes {
    inotify: Inotify,
    directories: HashMap<WatchDescriptor, PathBuf>,
    is_ignored: fn(&OsStr) -> bool,
}

impl Changes {
    /// Watches nothing yet. Directories of an ignored name are not entered.
    pub fn new(is_ignored: fn(&OsStr) -> bool) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self { inotify, directories: HashMap::new(), is_ignored })
    }

    /// Watches a file, or a directory with all below it. What is not there is waited for in the directory above.
    pub fn add(&mut self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return self.add_tree(path);
        }
        let there = path.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(Path::new("/"));
        self.add_directory(there)
    }

    /// Readable when something has changed.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// What has changed since the last call: files and directories that were written, made, renamed or removed; all that is
    /// watched if the kernel has lost count.
    pub fn take(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                    changed.extend(self.directories.values().cloned());
                    continue;
                }
                let Some(directory) = self.directories.get(&event.wd) else { continue };
                let path = event.name.as_ref().map_or_else(|| directory.clone(), |name| directory.join(name));
                if event.mask.contains(AddWatchFlags::IN_ISDIR) && path.is_dir() && !self.ignores(&path) {
                    // Files may have been made in it before it was watched.
                    let _ = self.add_tree(&path);
                    changed.extend(files_below(&path, self.is_ignored));
                }
                if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                    self.directories.remove(&event.wd);
                } else {
                    changed.push(path);
                }
            }
        }
        changed
    }

    fn ignores(&self, path: &Path) -> bool {
        path.file_name().is_some_and(self.is_ignored)
    }

    fn add_tree(&mut self, directory: &Path) -> io::Result<()> {
        let mut open = vec![directory.to_owned()];
        while let Some(directory) = open.pop() {
            self.add_directory(&directory)?;
            open.extend(
                entries(&directory).filter(|(path, is_directory)| *is_directory && !self.ignores(path)).map(|it| it.0),
            );
        }
        Ok(())
    }

    fn add_directory(&mut self, directory: &Path) -> io::Result<()> {
        let changes = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_ONLYDIR;
        match self.inotify.add_watch(directory, changes) {
            Ok(watch) => drop(self.directories.insert(watch, directory.to_owned())),
            // It was there a moment ago.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// What stands in a directory, and whether it is one itself; links are not followed.
fn entries(directory: &Path) -> impl Iterator<Item = (PathBuf, bool)> + use<> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
}

fn files_below(directory: &Path, is_ignored: fn(&OsStr) -> bool) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        for (path, is_directory) in entries(&directory) {
            if !is_directory {
                files.push(path);
            } else if !path.file_name().is_some_and(is_ignored) {
                open.push(path);
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn wait(changes: &mut Changes, until: &Path) {
        while !changes.take().iter().any(|path| path == until) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn files_that_are_written_renamed_or_new_below_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir_all(path("src/deep")).unwrap();
        fs::create_dir_all(path("src/node_modules")).unwrap();
        fs::write(path("src/deep/a"), "1").unwrap();
        let mut changes = Changes::new(|name| name == "node_modules").unwrap();
        changes.add(&path("src")).unwrap();
        changes.add(&path("file")).unwrap();
        assert!(changes.take().is_empty());
        fs::write(path("src/deep/a"), "2").unwrap();
        wait(&mut changes, &path("src/deep/a"));
        fs::write(path("src/new"), "x").unwrap();
        fs::rename(path("src/new"), path("src/deep/a")).unwrap();
        wait(&mut changes, &path("src/deep/a"));
        fs::create_dir_all(path("src/one/two")).unwrap();
        fs::write(path("src/one/two/b"), "x").unwrap();
        wait(&mut changes, &path("src/one/two/b"));
        fs::write(path("src/one/two/b"), "y").unwrap();
        wait(&mut changes, &path("src/one/two/b"));
        fs::write(path("src/node_modules/c"), "x").unwrap();
        fs::write(path("file"), "x").unwrap();
        let mut told = Vec::new();
        while !told.contains(&path("file")) {
            told.extend(changes.take());
        }
        assert!(!told.iter().any(|path| path.to_string_lossy().contains("node_modules/c")), "{told:?}");
    }
}
