//! What is on its way to the disk: filled by the supervisor, emptied by a thread that does nothing else.
//!
//! A write to a disk can last for ever, and the supervisor must not. The thread never forks, allocates no memory that
//! anybody waits for, receives no signals and holds the lock only while it takes what there is.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::central::{self, CentralEntry};
use super::rotating_file::{self, RotatingFile};
use crate::context;
use crate::disk::layout::CentralLogs;
use crate::sys::{background, fork};

/// How much waits for the disk, in bytes.
const LARGEST: usize = 1 << 20;
/// How many lines wait for the central logs.
const MOST_ENTRIES: usize = 100;
/// How long a server waits for room before what it prints is dropped.
const PATIENCE: Duration = Duration::from_millis(100);
/// After this time without work a large buffer is given back.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// A buffer that is not worth giving back, in bytes.
const SMALL: usize = 16 << 10;

/// Shared by both ends.
pub struct Queue {
    waiting: Mutex<Waiting>,
    /// There is something to write, or there will never be again.
    filled: Condvar,
    /// What there was has been taken or written.
    emptied: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    entries: Vec<CentralEntry>,
    /// Lines that came after `text` and found no room.
    dropped: u64,
    is_writing: bool,
    is_closed: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.entries.is_empty() && self.dropped == 0
    }
}

impl Queue {
    /// Starts the thread that writes to `file` and to the central logs.
    pub fn start(mut file: RotatingFile, central: CentralLogs) -> std::io::Result<Arc<Self>> {
        let queue = Arc::new(Self { waiting: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() });
        let end = Arc::clone(&queue);
        background::spawn(move || end.work(&mut file, &central))?;
        Ok(queue)
    }

    /// Adds whole lines. Waits a moment for room, but not again until the disk has taken something.
    pub fn push(&self, text: &[u8]) {
        let has_room = |waiting: &Waiting| waiting.text.is_empty() || waiting.text.len() + text.len() <= LARGEST;
        let mut waiting = self.lock();
        if waiting.dropped == 0 && !has_room(&waiting) {
            let waited = self.emptied.wait_timeout_while(waiting, PATIENCE, |waiting| !has_room(waiting));
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.dropped > 0 || !has_room(&waiting) {
            waiting.dropped += rotating_file::count_lines(text);
        } else {
            waiting.text.extend_from_slice(text);
            self.filled.notify_one();
        }
    }

    pub fn announce(&self, entry: CentralEntry) {
        let mut waiting = self.lock();
        if waiting.entries.len() < MOST_ENTRIES {
            waiting.entries.push(entry);
            self.filled.notify_one();
        }
    }

    /// Waits until everything is written; false if it is not by then.
    pub fn drain(&self, deadline: Instant) -> bool {
        let limit = deadline.saturating_duration_since(context::now());
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.is_empty();
        let waiting = self.emptied.wait_timeout_while(self.lock(), limit, is_busy);
        !is_busy(&mut waiting.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Has the thread end once everything is written.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, file: &mut RotatingFile, central: &CentralLogs) {
        let mut taken = Waiting::default();
        while self.take(&mut taken) {
            file.write(&taken.text, context::wall_clock());
            if taken.dropped > 0 {
                let now = context::wall_clock();
                file.write(&rotating_file::dropped(taken.dropped, "the disk was too slow", now), now);
            }
            for entry in taken.entries.drain(..) {
                let _ = central::write(central, &entry);
            }
        }
    }

    /// Waits for something to do and takes all of it; false if there will never be anything.
    fn take(&self, taken: &mut Waiting) -> bool {
        taken.text.clear();
        let mut waiting = self.lock();
        waiting.is_writing = false;
        if waiting.is_empty() {
            self.emptied.notify_all();
        }
        while waiting.is_empty() {
            if waiting.is_closed {
                return false;
            }
            if taken.text.capacity() + waiting.text.capacity() > SMALL {
                let (after, wait) =
                    self.filled.wait_timeout(waiting, IDLE_AFTER).unwrap_or_else(PoisonError::into_inner);
                waiting = after;
                if wait.timed_out() && waiting.is_empty() {
                    (taken.text, waiting.text) = (Vec::new(), Vec::new());
                    fork::trim_memory();
                }
            } else {
                waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        }
        std::mem::swap(&mut waiting.text, &mut taken.text);
        std::mem::swap(&mut waiting.entries, &mut taken.entries);
        taken.dropped = std::mem::take(&mut waiting.dropped);
        waiting.is_writing = true;
        self.emptied.notify_all();
        true
    }
}
