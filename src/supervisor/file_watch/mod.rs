//! `--watch`: a server is started again when one of its files has changed.

mod burst;

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use self::burst::{Burst, Change};
use crate::server::pattern::Pattern;
use crate::server::record::ServerRecord;
use crate::sys::changes::{self, Changes};
use crate::sys::interest::Interest;

/// The watched files of a server, and what has changed among them.
pub struct FileWatch {
    changes: Changes,
    burst: Burst,
    /// What paths are shown relative to.
    bases: Vec<PathBuf>,
    /// What is to be said to people, a line each.
    notes: Vec<String>,
    has_complained: bool,
}

impl FileWatch {
    /// Watches what the server is to be started again for; `None` if that is nothing.
    ///
    /// # Errors
    /// In words, if nothing can be watched.
    pub fn of(record: &ServerRecord) -> Result<Option<Self>, String> {
        if record.settings.watch.is_empty() || !record.is_restartable() {
            return Ok(None);
        }
        let patterns = record.settings.watch.iter().map(|text| Pattern::new(text, &record.directory));
        let patterns: Rc<[Pattern]> = patterns.collect();
        let (entered, matched) = (Rc::clone(&patterns), Rc::clone(&patterns));
        let interest = Interest {
            enters: Box::new(move |path| entered.iter().any(|pattern| pattern.enters(path))),
            matters: Box::new(move |path| matched.iter().any(|pattern| pattern.matches(path))),
        };
        let changes = Changes::new(interest)
            .map_err(|error| format!("no file is watched: {error}; {}", changes::way_out(&error)))?;
        let source = record.source.as_deref().and_then(Path::parent).map(Path::to_owned);
        let bases = [record.directory.clone()].into_iter().chain(source).collect();
        let mut watch = Self { changes, burst: Burst::default(), bases, notes: Vec::new(), has_complained: false };
        for pattern in &*patterns {
            let added = watch.changes.add(pattern.root());
            watch.complain(added.err());
        }
        Ok(Some(watch))
    }

    /// Readable when something has changed.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.changes.as_poll_fd()
    }

    /// Takes in what has changed.
    pub fn read(&mut self, now: Instant) {
        let mut changed = self.changes.take();
        if changed.is_unknown {
            changed.paths.push(PathBuf::from("more files than could be counted"));
        }
        self.complain(changed.trouble);
        if let Some(file) = self.burst.add(changed.paths, now) {
            let file = self.shown(&file);
            let text = "does not stop changing; the restart waits until it does. Leave it out by a narrower --watch";
            self.notes.push(format!("{} {text}", file.display()));
        }
    }

    /// When to look for a change that is over, should nothing happen before.
    pub fn due_in(&self, now: Instant) -> Option<Duration> {
        self.burst.due_in(now)
    }

    /// Whether something has changed that is not over.
    pub fn is_unsettled(&self) -> bool {
        self.burst.is_pending()
    }

    /// What has changed, once that is over.
    pub fn take_due(&mut self, now: Instant) -> Option<String> {
        let change = self.burst.take_due(now, Path::exists)?;
        let shown = Change { first: self.shown(&change.first), ..change };
        if shown.is_loop {
            let text = "has changed soon after each of the last starts; if the server writes it, leave it out by a narrower \
                        --watch";
            self.notes.push(format!("{} {text}", shown.first.display()));
        }
        Some(shown.to_string())
    }

    /// What is to be said to people since one asked last.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The server has been started.
    pub fn server_started(&mut self, now: Instant) {
        self.burst.server_started(now);
    }

    fn complain(&mut self, trouble: Option<std::io::Error>) {
        if let Some(error) = trouble
            && !std::mem::replace(&mut self.has_complained, true)
        {
            self.notes.push(format!("not all files are watched: {error}; {}", changes::way_out(&error)));
        }
    }

    fn shown(&self, path: &Path) -> PathBuf {
        let shorter = self.bases.iter().filter_map(|base| path.strip_prefix(base).ok());
        let named = shorter.filter(|path| path.file_name().is_some());
        named.min_by_key(|path| path.as_os_str().len()).unwrap_or(path).to_owned()
    }
}
