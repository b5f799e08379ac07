//! Which session a command means.

use anyhow::{Result, bail};
use tracing::debug;

use super::open::{Inherited, Session, ancestors, is_ancestor, live};
use super::recall;
use super::record::{Owner, SessionRecord};
use super::sweep;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::failure::hinted;
use crate::sys::process::{self, Process};
use crate::sys::{Pid, process as processes};

/// Finds the session that a command means: the named one, else that of the environment if it is believable, else the
/// one whose owner is above us, else the one on our terminal.
///
/// # Errors
/// When there is none.
pub fn find(root: &Root, named: Option<&SessionId>) -> Result<Session> {
    if let Some(id) = named {
        return by_id(root, id);
    }
    if let Some(session) = current(root)? {
        return Ok(session);
    }
    // A damaged record is the likelier cause.
    match Inherited::from_environment().id.map(|id| SessionRecord::read(&root.session(&id))) {
        Some(Err(error)) => Err(error),
        Some(Ok(Some(record))) if matches!(record.owner(), Owner::Elsewhere) => by_id(root, &record.id),
        _ => Err(hinted(
            "could not find a session: this shell has none",
            "open one with eval \"$(mcp-hook open)\", or put the hook into the shell's rc file (mcp-hook init)",
        )),
    }
}

/// The session with this id, or why there is none to be used.
fn by_id(root: &Root, id: &SessionId) -> Result<Session> {
    let refuse = |why| Err(hinted(format!("could not use the session {id}: {why}"), SEE_ALL));
    match SessionRecord::read(&root.session(id))? {
        None => refuse("there is none of this id"),
        Some(record) => match record.owner() {
            Owner::Alive(owner) => Ok(Session { record, owner }),
            Owner::Gone => refuse("the shell that it belonged to is gone"),
            Owner::Elsewhere => Err(elsewhere(root, id)),
        },
    }
}

/// Why a session that is somewhere else cannot be used from here, and what may run there.
fn elsewhere(root: &Root, id: &SessionId) -> anyhow::Error {
    let why = sweep::examine(root, id.clone()).elsewhere().map(|why| format!("it {why}"));
    let why = why.unwrap_or_else(|| "its shell cannot be looked at".to_owned());
    let message = format!("could not use the session {id}: {why}");
    hinted(message, "use it from where it was opened, or open another one here with eval \"$(mcp-hook open)\"")
}

/// Finds the session that a server is in which a client runs; `None` if there is none and none was named.
///
/// # Errors
/// When the named one does not exist.
pub fn find_existing(root: &Root, named: Option<&SessionId>) -> Result<Option<Session>> {
    if named.is_some() { find(root, named).map(Some) } else { current(root) }
}

/// The session that this process is in, if it is in one.
///
/// # Errors
/// When a session whose files have vanished cannot be made again.
pub fn current(root: &Root) -> Result<Option<Session>> {
    let Some(me) = process::read(Pid::this()) else { bail!("could not read the state of this process") };
    let inherited = Inherited::from_environment();
    if let Some(session) = named_by(&inherited, root, &me) {
        return Ok(Some(session));
    }
    let above: Vec<Pid> = ancestors(me.pid).collect();
    if let Some(session) = recall::session(root, &inherited, &above)? {
        return Ok(Some(session));
    }
    let found = search(root, &me, &above);
    debug!(session = ?found.as_ref().map(|session| &session.record.id), "searched for an owner above us or on our terminal");
    Ok(found)
}

/// The same without making anything that has vanished.
#[must_use]
pub fn glance(root: &Root) -> Option<Session> {
    let me = process::read(Pid::this())?;
    let by_descent = || search(root, &me, &ancestors(me.pid).collect::<Vec<_>>());
    named_by(&Inherited::from_environment(), root, &me).or_else(by_descent)
}

/// The session that the environment names, if it is to be believed: its owner is above us or on our terminal.
fn named_by(inherited: &Inherited, root: &Root, me: &Process) -> Option<Session> {
    let id = inherited.id.as_ref()?;
    let is_believable =
        |session: &Session| is_ancestor(session.owner.pid(), me.parent) || is_on_terminal_of(session, me);
    let session = live(root, id).filter(is_believable);
    match &session {
        Some(_) => debug!(session = %id, "the environment names a session whose owner is above us or on our terminal"),
        None => debug!(session = %id, "the environment names a session that is not ours; not believed"),
    }
    session
}

fn is_on_terminal_of(session: &Session, me: &Process) -> bool {
    me.terminal != 0 && processes::read(session.owner.pid()).is_some_and(|it| it.terminal == me.terminal)
}

/// Searches all sessions: first for an owner above us, nearest first, then for one on our terminal. The ids tell which
/// are worth reading.
fn search(root: &Root, me: &Process, above: &[Pid]) -> Option<Session> {
    let ids = all(root);
    let owned = above.iter().find_map(|&pid| {
        let candidates = ids.iter().filter(|id| id.owner() == Some(pid.as_raw()));
        candidates.filter_map(|id| live(root, id)).find(|session| session.owner.pid() == pid)
    });
    owned.or_else(|| {
        let on_my_terminal = |session: &Session| is_on_terminal_of(session, me);
        let terminal = processes::terminal_path(me.terminal)?;
        let short: String = terminal.strip_prefix("/dev").ok()?.to_str()?.replace('/', "");
        ids.iter().filter(|id| id.terminal() == short).filter_map(|id| live(root, id)).find(on_my_terminal)
    })
}

/// The ids of all sessions that have files, in order.
#[must_use]
pub fn all(root: &Root) -> Vec<SessionId> {
    let names = root.pids().names().unwrap_or_default();
    let mut ids: Vec<SessionId> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    ids
}

const SEE_ALL: &str = "mcp-hook status --all shows the sessions there are";
