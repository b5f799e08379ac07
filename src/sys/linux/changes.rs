//! Telling of changes in directories with all that is below them (`inotify(7)`).

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

use crate::sys::interest::{Changed, Interest, above};

/// How often is read before anything else has its turn: as much as the kernel keeps fits into so many pieces.
const MOST_READS: usize = 256;

/// Watches directories, and files by the directory they are in.
pub struct Changes {
    inotify: Inotify,
    interest: Interest,
    /// What was asked for.
    roots: Vec<PathBuf>,
    /// Those that are not where they were and have to be looked for.
    missing: Vec<PathBuf>,
    /// The directories that are watched, by all the paths that lead to them.
    directories: HashMap<WatchDescriptor, Vec<PathBuf>>,
    /// The files that links among the roots lead to.
    links: HashMap<PathBuf, PathBuf>,
}

impl Changes {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// `EMFILE` when the user has too many inotify instances, or the process too many files.
    pub fn new(interest: Interest) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let (roots, missing) = (Vec::new(), Vec::new());
        Ok(Self { inotify, interest, roots, missing, directories: HashMap::new(), links: HashMap::new() })
    }

    /// Watches a file, or a directory with all below it that matters. What is not there is waited for.
    ///
    /// # Errors
    /// `ENOSPC` when the user watches too many directories; those before stay watched.
    pub fn add(&mut self, path: &Path) -> io::Result<()> {
        self.roots.push(path.to_owned());
        self.missing.push(path.to_owned());
        self.find_missing().map(drop)
    }

    /// Readable when something has changed.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// What has changed since the last call; if that has no end, as much as the kernel keeps.
    pub fn take(&mut self) -> Changed {
        let mut changed = Changed::default();
        for _ in 0..MOST_READS {
            let Ok(events) = self.inotify.read_events() else { break };
            for event in events {
                self.take_in(&event, &mut changed);
            }
        }
        match self.find_missing() {
            Ok(found) => changed.paths.extend(found),
            Err(error) => changed.trouble = Some(error),
        }
        changed
    }

    fn take_in(&mut self, event: &InotifyEvent, changed: &mut Changed) {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            changed.is_unknown = true;
            self.missing.clone_from(&self.roots);
            return;
        }
        if event.mask.contains(AddWatchFlags::IN_IGNORED) {
            // It is gone. So is what was below it, of which the kernel tells as well.
            let labels = self.directories.remove(&event.wd).unwrap_or_default();
            return labels.iter().for_each(|directory| self.miss(directory));
        }
        let Some(labels) = self.directories.get(&event.wd).cloned() else { return };
        if event.mask.contains(AddWatchFlags::IN_MOVE_SELF) {
            return labels.iter().for_each(|directory| self.forget(directory));
        }
        let Some(name) = &event.name else { return };
        for label in labels {
            let path = label.join(name);
            let path = self.links.get(&path).cloned().unwrap_or(path);
            if self.roots.contains(&path) {
                self.forget(&path);
            }
            if event.mask.contains(AddWatchFlags::IN_ISDIR) {
                self.take_in_directory(path, event.mask, changed);
            } else if (self.interest.matters)(&path) {
                changed.paths.push(path);
            }
        }
    }

    fn take_in_directory(&mut self, path: PathBuf, mask: AddWatchFlags, changed: &mut Changed) {
        if !(self.interest.enters)(&path) {
            return;
        }
        if mask.intersects(AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO) {
            // Files may have been made in it before it was watched.
            match self.add_tree(&path) {
                Ok(files) => changed.paths.extend(files),
                Err(error) => changed.trouble = Some(error),
            }
        } else if mask.contains(AddWatchFlags::IN_MOVED_FROM) {
            self.forget(&path);
            changed.paths.push(path);
        }
    }

    /// Roots that were in a directory are looked for from now on.
    fn miss(&mut self, directory: &Path) {
        self.missing.extend(self.roots.iter().filter(|root| root.starts_with(directory)).cloned());
    }

    /// Does not watch a directory any more, nor what is below it.
    fn forget(&mut self, directory: &Path) {
        self.miss(directory);
        let inotify = &self.inotify;
        self.directories.retain(|&watch, labels| {
            labels.retain(|label| !label.starts_with(directory));
            if labels.is_empty() {
                let _ = inotify.rm_watch(watch);
            }
            !labels.is_empty()
        });
    }

    /// Watches what is there of the missing roots, and the place where the others will be. Returns the files in what was
    /// found.
    fn find_missing(&mut self) -> io::Result<Vec<PathBuf>> {
        let mut missing = std::mem::take(&mut self.missing);
        missing.sort_unstable();
        missing.dedup();
        let (mut found, mut trouble) = (Vec::new(), None);
        for root in missing {
            match self.find(&root) {
                Ok(files) => found.extend(files),
                Err(error) => trouble = Some(error),
            }
            if !root.exists() {
                self.missing.push(root);
            }
        }
        trouble.map_or(Ok(found), Err)
    }

    fn find(&mut self, root: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        // It may come, or go, while its place is being looked for.
        let look = || (root.is_dir(), root.exists());
        let mut seen = None;
        while seen != Some(look()) {
            let (is_directory, is_there) = *seen.insert(look());
            if !is_directory || root.is_symlink() {
                self.add_directory(above(root))?;
            }
            if is_directory {
                files = self.add_tree(root)?;
            } else if is_there {
                self.follow_link(root)?;
                files = vec![root.to_owned()];
            }
        }
        Ok(files)
    }

    /// A file is written where the link to it leads.
    fn follow_link(&mut self, root: &Path) -> io::Result<()> {
        if root.is_symlink()
            && let Ok(real) = root.canonicalize()
        {
            self.add_directory(above(&real))?;
            self.links.insert(real, root.to_owned());
        }
        Ok(())
    }

    /// Returns the files in it that matter.
    fn add_tree(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.add_directory(directory)?;
        // What is made meanwhile is told of in the directory above, which is watched first.
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                files.extend(Some(path).filter(|path| (self.interest.matters)(path)));
            } else if (self.interest.enters)(&path) {
                files.extend(self.add_tree(&path)?);
            }
        }
        Ok(files)
    }

    fn add_directory(&mut self, directory: &Path) -> io::Result<()> {
        let changes = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        match self.inotify.add_watch(directory, changes) {
            Ok(watch) => {
                let labels = self.directories.entry(watch).or_default();
                if !labels.iter().any(|label| label == directory) {
                    labels.push(directory.to_owned());
                }
            }
            // It was there a moment ago.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// What helps against this error of a watch.
pub fn way_out(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC) => {
            "the kernel's limit of watched directories is reached: sudo sysctl fs.inotify.max_user_watches=524288 raises it, \
             a narrower --watch needs less"
        }
        Some(Errno::EMFILE) => {
            "the kernel's limit of programs that watch files is reached: sudo sysctl fs.inotify.max_user_instances=1024 raises \
             it"
        }
        _ => "mcp-hook restart does by hand what a change would have done",
    }
}

#[cfg(test)]
mod tests;
