//! What `open` and `run` clean up in passing: a bounded number of sessions, and the rest in the background.

use std::io;

use super::examine::{examine_closely, examine_quickly};
use super::policy::{Decision, decide};
use super::{files, logs};
use crate::disk::file;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::sys::fork;

/// Cleans up a little, in passing: a few sessions but for our `own`, a few others each time. What takes time is done in
/// the background.
pub fn sweep(root: &Root, own: &SessionId) -> io::Result<()> {
    let others = sweep_a_few(root, own);
    let is_due = logs::is_due(root);
    if others.is_empty() && !is_due {
        return Ok(());
    }
    fork::in_background(|| {
        for id in others {
            let _ = examine_closely(root, id).carry_out(root);
        }
        if is_due {
            let _ = logs::remove_expired(root);
        }
    })
}

/// Removes sessions that died idle. Returns the ids of those that need more than that.
fn sweep_a_few(root: &Root, own: &SessionId) -> Vec<SessionId> {
    let mut removed = 0;
    let mut others = Vec::new();
    for id in next_ids(root).into_iter().filter(|id| id != own) {
        let session = match examine_quickly(root, id) {
            Ok(session) => session,
            Err(id) => {
                others.push(id);
                continue;
            }
        };
        match decide(session.facts) {
            Decision::Leave if !session.facts.is_busy && session.is_in_other_namespace() => others.push(session.id),
            Decision::Leave => {}
            Decision::Remind => {
                session.remind();
                others.push(session.id);
            }
            Decision::Remove if session.servers.is_empty() && session.foreign().is_empty() => {
                if removed < REMOVED {
                    let _ = files::remove(&session.paths);
                    removed += 1;
                }
            }
            Decision::Remove | Decision::EndLost => others.push(session.id),
        }
    }
    others
}

/// The sessions whose turn it is: those that follow the ones of the last time.
fn next_ids(root: &Root) -> Vec<SessionId> {
    let position = file::read(&root.cursor()).ok().flatten().and_then(|text| String::from_utf8(text).ok());
    let position = position.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let Ok((names, next)) = root.pids().names_from(position, LOOKED_AT) else { return Vec::new() };
    if next != position {
        let _ = file::replace(&root.cursor(), next.to_string().as_bytes());
    }
    names.into_iter().filter_map(|name| name.to_str()?.parse().ok()).collect()
}

/// How many sessions one call looks at, and how many it removes.
const LOOKED_AT: usize = 4;
const REMOVED: usize = 2;
