//! Waiting until something in a directory changes (`kqueue(2)`, `EVFILT_VNODE`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};

/// Tells when files of a directory are written to, made or renamed.
pub struct Follower {
    queue: Kqueue,
    directory: PathBuf,
    _watched: File,
    /// The directory tells of new names only, so each file is watched too.
    files: RefCell<HashMap<PathBuf, File>>,
}

impl Follower {
    pub fn new(directory: &Path) -> io::Result<Self> {
        let queue = Kqueue::new()?;
        let watched = watch(&queue, directory)?;
        let follower =
            Self { queue, directory: directory.to_owned(), _watched: watched, files: RefCell::new(HashMap::new()) };
        follower.watch_new_files();
        Ok(follower)
    }

    /// What to poll for: readable when something has changed, until [`Self::wait`] has returned.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }

    /// Waits for the next change, at most for `limit`.
    pub fn wait(&self, limit: Duration) {
        let limit = libc::timespec {
            tv_sec: limit.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        };
        let mut events = [KEvent::new(0, EventFilter::EVFILT_VNODE, EvFlags::empty(), FilterFlag::empty(), 0, 0); 16];
        let _ = self.queue.kevent(&[], &mut events, Some(limit));
        self.watch_new_files();
    }

    fn watch_new_files(&self) {
        let mut files = self.files.borrow_mut();
        // A file that was replaced by rename is another one under the same name.
        files.retain(|_, file| file.metadata().is_ok_and(|data| std::os::unix::fs::MetadataExt::nlink(&data) > 0));
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if !files.contains_key(&path)
                && let Ok(file) = watch(&self.queue, &path)
            {
                files.insert(path, file);
            }
        }
    }
}

/// Watches one file or directory; the kernel forgets it when the descriptor is closed.
fn watch(queue: &Kqueue, path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_EVTONLY | libc::O_NOFOLLOW).open(path)?;
    let number = usize::try_from(file.as_raw_fd()).map_err(io::Error::other)?;
    let changes = FilterFlag::NOTE_WRITE | FilterFlag::NOTE_EXTEND | FilterFlag::NOTE_RENAME | FilterFlag::NOTE_DELETE;
    let event = KEvent::new(number, EventFilter::EVFILT_VNODE, EvFlags::EV_ADD | EvFlags::EV_CLEAR, changes, 0, 0);
    queue.kevent(&[event], &mut [], None)?;
    Ok(file)
}
