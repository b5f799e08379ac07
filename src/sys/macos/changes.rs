//! Telling of changes in directories with all that is below them (`kqueue(2)`, `EVFILT_VNODE`).
//!
//! A directory tells of names only, so each file is held open too. What has changed a look at all of it tells.

use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};

use crate::sys::interest::{Changed, Interest, above};

/// Watches files, and directories for what is made in them.
pub struct Changes {
    queue: Kqueue,
    interest: Interest,
    roots: Vec<PathBuf>,
    watched: HashMap<PathBuf, Watched>,
}

struct Watched {
    /// The kernel forgets it when this is closed.
    _file: File,
    seen: Seen,
    is_directory: bool,
}

/// What tells a file from one that was written or replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    size: u64,
    written: (i64, i64),
}

impl Changes {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// `EMFILE` when the process has too many files open.
    pub fn new(interest: Interest) -> io::Result<Self> {
        Ok(Self { queue: Kqueue::new()?, interest, roots: Vec::new(), watched: HashMap::new() })
    }

    /// Watches a file, or a directory with all below it that matters. What is not there is waited for.
    ///
    /// # Errors
    /// `EMFILE` when there are more files than the process may open; those before stay watched.
    pub fn add(&mut self, path: &Path) -> io::Result<()> {
        self.roots.push(path.to_owned());
        self.look(&mut Changed::default())
    }

    /// Readable when something has changed.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }

    /// What has changed since the last call.
    pub fn take(&mut self) -> Changed {
        let mut events = [KEvent::new(0, EventFilter::EVFILT_VNODE, EvFlags::empty(), FilterFlag::empty(), 0, 0); 64];
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut changed = Changed::default();
        let mut has_happened = false;
        while self.queue.kevent(&[], &mut events, Some(at_once)).is_ok_and(|count| count > 0) {
            has_happened = true;
        }
        if has_happened {
            changed.trouble = self.look(&mut changed).err();
        }
        changed
    }

    /// Compares what is there with what was, and watches what is new.
    fn look(&mut self, changed: &mut Changed) -> io::Result<()> {
        let mut there = HashMap::new();
        for root in &self.roots {
            if !root.is_dir() || root.is_symlink() {
                there.insert(above(root).to_owned(), true);
            }
            if root.is_dir() {
                self.walk(root, &mut there);
            } else if root.exists() {
                there.insert(root.clone(), false);
            }
        }
        self.watched.retain(|path, watched| {
            let is_there = there.contains_key(path) && Seen::at(path).is_some_and(|seen| seen.is_same(&watched.seen));
            if !is_there && !watched.is_directory {
                changed.paths.push(path.clone());
            }
            is_there
        });
        let mut trouble = None;
        for (path, is_directory) in there {
            if let Err(error) = self.watch(path, is_directory, changed) {
                trouble = Some(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// The directories and files that matter in one, and whether each is a directory. Links are not followed.
    fn walk(&self, directory: &Path, there: &mut HashMap<PathBuf, bool>) {
        let mut open = vec![directory.to_owned()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.extend(Some(path).filter(|path| (self.interest.enters)(path)));
                } else if (self.interest.matters)(&path) {
                    there.insert(path, false);
                }
            }
            there.insert(directory, true);
        }
    }

    fn watch(&mut self, path: PathBuf, is_directory: bool, changed: &mut Changed) -> io::Result<()> {
        let Some(seen) = Seen::at(&path) else { return Ok(()) };
        if let Some(known) = self.watched.get_mut(&path) {
            if known.seen != seen && !is_directory {
                changed.paths.push(path);
            }
            known.seen = seen;
            return Ok(());
        }
        match open(&self.queue, &path) {
            Ok(file) => {
                if !is_directory {
                    changed.paths.push(path.clone());
                }
                self.watched.insert(path, Watched { _file: file, seen, is_directory });
                Ok(())
            }
            // It was there a moment ago, or is not ours to read.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Seen {
    fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|data| Self::of(&data))
    }

    fn of(data: &Metadata) -> Self {
        Self { device: data.dev(), inode: data.ino(), size: data.size(), written: (data.mtime(), data.mtime_nsec()) }
    }

    /// Whether it is the same file, with whatever is in it.
    fn is_same(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

fn open(queue: &Kqueue, path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_EVTONLY).open(path)?;
    let number = usize::try_from(file.as_raw_fd()).map_err(io::Error::other)?;
    let changes = FilterFlag::NOTE_WRITE | FilterFlag::NOTE_EXTEND | FilterFlag::NOTE_RENAME | FilterFlag::NOTE_DELETE;
    let event = KEvent::new(number, EventFilter::EVFILT_VNODE, EvFlags::EV_ADD | EvFlags::EV_CLEAR, changes, 0, 0);
    queue.kevent(&[event], &mut [], None)?;
    Ok(file)
}

/// What helps against this error of a watch.
pub fn way_out(error: &io::Error) -> &'static str {
    if error.raw_os_error() == Some(libc::EMFILE) {
        "each file is held open: ulimit -n 4096 before mcp-hook raises the limit, a narrower --watch needs less"
    } else {
        "mcp-hook restart does by hand what a change would have done"
    }
}
