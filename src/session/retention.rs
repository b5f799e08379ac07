//! The logs of sessions that have ended.

use std::time::{Duration, SystemTime};

use super::removal;
use super::sweep::action::Action;
use super::sweep::may_name_my_process;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::disk::{file, known};
use crate::log::retention::{self, EndedLogs, RemovalReason};
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
pub fn carry_out(root: &Root) -> Vec<Action> {
    let remove = |(id, why): (SessionId, RemovalReason)| {
        let done = removal::directory(&root.session(&id).logs, known::is_of_logs).is_ok();
        let what = if done { "removed its logs" } else { "could not remove its logs" };
        let deed = deed(id, what, why, done);
        deed.report(root);
        deed
    };
    planned(root).into_iter().map(remove).collect()
}

/// What [`carry_out`] would do.
pub fn intended(root: &Root) -> Vec<Action> {
    planned(root).into_iter().map(|(id, why)| deed(id, "would remove its logs", why, false)).collect()
}

fn deed(session: SessionId, what: &str, why: RemovalReason, done: bool) -> Action {
    Action { session, what: what.to_owned(), reason: why.text().to_owned(), done }
}

fn planned(root: &Root) -> Vec<(SessionId, RemovalReason)> {
    let names = root.logs().names().unwrap_or_default();
    let ids = names.iter().filter_map(|name| name.to_str()?.parse().ok());
    retention::plan(ids.filter_map(|id| of_ended(root, id)).collect(), context::wall_clock())
}

/// The logs of a session that has neither files nor, as far as its id tells, a shell. A session that lost its files
/// gets them back.
fn of_ended(root: &Root, id: SessionId) -> Option<EndedLogs<SessionId>> {
    let paths = root.session(&id);
    if paths.pids.is_there() || may_name_my_process(&id) {
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
