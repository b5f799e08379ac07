//! The logs of sessions that have ended.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::deed::Deed;
use super::sweep::may_name_my_process;
use crate::cleanup::retention::{self, Kept, Why};
use crate::context;
use crate::disk::file;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;

/// How often `open` has them looked through.
const PAUSE: Duration = Duration::from_hours(1);

/// Whether it is time to look through the logs again; the next time is a while later then. One call of the system,
/// most of the time.
#[must_use]
pub fn is_due(root: &Root) -> bool {
    let stamp = root.last_look();
    match fs::symlink_metadata(&stamp).and_then(|data| data.modified()) {
        // A time in the future is as good as none.
        Ok(last) if context::wall_clock().duration_since(last).is_ok_and(|age| age < PAUSE) => false,
        result => file::replace(&stamp, b"").is_ok() && result.is_ok(),
    }
}

/// Removes what is to be removed, and says what that was.
#[must_use]
pub fn carry_out(root: &Root) -> Vec<Deed> {
    let remove = |(id, why): (SessionId, Why)| {
        let done = fs::remove_dir_all(root.session(&id).logs).is_ok();
        let what = if done { "removed its logs" } else { "could not remove its logs" };
        let deed = deed(id, what, why, done);
        deed.report(root);
        deed
    };
    planned(root).into_iter().map(remove).collect()
}

/// What [`carry_out`] would do.
#[must_use]
pub fn intended(root: &Root) -> Vec<Deed> {
    planned(root).into_iter().map(|(id, why)| deed(id, "would remove its logs", why, false)).collect()
}

fn deed(session: SessionId, what: &str, why: Why, done: bool) -> Deed {
    Deed { session, what: what.to_owned(), reason: why.text().to_owned(), done }
}

fn planned(root: &Root) -> Vec<(SessionId, Why)> {
    let Ok(entries) = fs::read_dir(root.logs()) else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    retention::plan(ids.filter_map(|id| of_ended(root, id)).collect(), context::wall_clock())
}

/// The logs of a session that has neither files nor, as far as its id tells, a shell. A session that lost its files
/// gets them back.
fn of_ended(root: &Root, id: SessionId) -> Option<Kept<SessionId>> {
    let paths = root.session(&id);
    let is_directory = fs::symlink_metadata(&paths.logs).is_ok_and(|data| data.is_dir());
    if !is_directory || paths.pids.symlink_metadata().is_ok() || may_name_my_process(&id) {
        return None;
    }
    let (bytes, written) = measure(&paths.logs)?;
    Some(Kept { id, bytes, written })
}

/// What is in a directory, and when something was written to it last.
fn measure(directory: &Path) -> Option<(u64, SystemTime)> {
    let own = fs::symlink_metadata(directory).ok()?.modified().ok()?;
    let files = fs::read_dir(directory).ok()?.flatten().filter_map(|entry| entry.metadata().ok());
    Some(files.fold((0, own), |(bytes, last), data| (bytes + data.len(), last.max(data.modified().unwrap_or(last)))))
}
