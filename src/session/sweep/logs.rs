//! The logs of sessions that have ended.

use std::time::{Duration, SystemTime};

use super::action::Action;
use super::files;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::disk::{file, known};
use crate::log::retention::{self, EndedLogs, RemovalReason};
use crate::session::owner;
use crate::sys::stat;

/// How often `open` has them looked through.
const PAUSE: Duration = Duration::from_hours(1);

/// Whether it is time to look through the logs again; the next time is a while later then. One call of the system,
/// most of the time.
pub fn is_due(root: &Root) -> bool {
    let stamp = root.last_look();
    match stamp.look().map(|found| stat::modified(&found)) {
        // A time in the future is as good as none.
        Ok(last) if context::wall_clock().duration_since(last).is_ok_and(|age| age < PAUSE) => false,
        result => file::replace(&stamp, b"").is_ok() && result.is_ok(),
    }
}

/// Removes what is to be removed, and says what that was.
pub fn remove_expired(root: &Root) -> Vec<Action> {
    expired(root).into_iter().map(|(id, why)| remove(root, id, why)).collect()
}

fn remove(root: &Root, id: SessionId, why: RemovalReason) -> Action {
    let done = files::directory(&root.session(&id).logs, known::is_of_logs).is_ok();
    let what = if done { "removed its logs" } else { "could not remove its logs" };
    let action = action(id, what, why, done);
    action.report(root);
    action
}

/// What [`remove_expired`] would do.
pub fn would_remove(root: &Root) -> Vec<Action> {
    expired(root).into_iter().map(|(id, why)| action(id, "would remove its logs", why, false)).collect()
}

fn action(session: SessionId, what: &str, why: RemovalReason, done: bool) -> Action {
    Action { session, what: what.to_owned(), reason: why.text().to_owned(), done }
}

fn expired(root: &Root) -> Vec<(SessionId, RemovalReason)> {
    let names = root.logs().names().unwrap_or_default();
    let ids = names.iter().filter_map(|name| name.to_str()?.parse().ok());
    retention::plan(ids.filter_map(|id| of_ended(root, id)).collect(), context::wall_clock())
}

/// The logs of a session that has neither files nor, as far as its id tells, a shell. A session that lost its files
/// gets them back.
fn of_ended(root: &Root, id: SessionId) -> Option<EndedLogs<SessionId>> {
    let paths = root.session(&id);
    if paths.pids.is_there() || owner::may_live(&id) {
        return None;
    }
    let measured = measure(&paths.logs);
    paths.release();
    let (bytes, written) = measured?;
    Some(EndedLogs { id, bytes, written })
}

/// What the logs in a directory take on the disk, and when something was written to them last; `None` if there are none.
fn measure(directory: &Directory) -> Option<(u64, SystemTime)> {
    let names = directory.names().ok()?;
    let logs = names.iter().filter_map(|name| name.to_str().filter(|name| known::is_of_logs(name)));
    let found = logs.filter_map(|name| directory.file(name).look().ok()).filter(stat::is_regular);
    found
        .map(|found| (stat::size_on_disk(&found), stat::modified(&found)))
        .reduce(|(sum, last), (bytes, written)| (sum + bytes, last.max(written)))
}
