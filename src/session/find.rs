//! Which session a command means.

use std::cell::LazyCell;

use anyhow::{Result, bail};
use nix::unistd::getppid;
use tracing::debug;

use super::join::Inherited;
use super::live::{self, Session};
use super::owner::{ancestors, is_ancestor};
use super::record::{Owner, SessionRecord, session_ids};
use super::recovery::has_record;
use super::{recovery, servers, sweep};
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::failure::hinted;
use crate::server::record::ServerRecord;
use crate::supervisor::control::{self, is_called_watcher};
use crate::sys::Pid;
use crate::sys::process::{self, Process};

/// A session and the root that it lies in, with the logs where its shell has them.
pub type Located = (Root, Session);

/// Finds the session that a command means: the named one, else that of the environment if it is believable, else the
/// one whose owner is nearest above us, else the one on our terminal. Where this root has it not, the user's others are
/// searched: a client hands on few variables. What the session's shell was told counts from now on.
pub fn find(root: &Root, named: Option<&SessionId>) -> Result<Located> {
    find_by(root, named).inspect(|(_, session)| adopt(session))
}

fn find_by(root: &Root, named: Option<&SessionId>) -> Result<Located> {
    if let Some(id) = named {
        return by_id(root, id);
    }
    if let Some(found) = current(root)? {
        return Ok(found);
    }
    // A damaged record is the likelier cause.
    match Inherited::from_environment().id.map(|id| SessionRecord::read(&root.session(&id))) {
        Some(Err(error)) => Err(error),
        Some(Ok(Some(record))) if matches!(record.owner(), Owner::Elsewhere) => by_id_in(root, &record.id),
        _ => Err(hinted(
            "could not find a session: this shell has none",
            "open one with eval \"$(mcp-hook open)\", or put the hook into the shell's rc file (mcp-hook init)",
        )),
    }
}

/// The session with this id in the first root that has anything of it.
fn by_id(root: &Root, id: &SessionId) -> Result<Located> {
    let others = root.others();
    let mut roots = [root].into_iter().chain(&others);
    by_id_in(roots.find(|root| has_record(root, id)).unwrap_or(root), id)
}

/// The session with this id, or why there is none to be used.
fn by_id_in(root: &Root, id: &SessionId) -> Result<Located> {
    let refuse = |why| Err(hinted(format!("could not use the session {id}: {why}"), SEE_ALL));
    match SessionRecord::read(&root.session(id))? {
        None => refuse("there is none of this id"),
        Some(record) => match record.owner() {
            Owner::Alive(owner) => Ok(located(root, Session { record, owner })),
            Owner::Gone => refuse("the shell that it belonged to is gone"),
            Owner::Elsewhere => Err(elsewhere(root, id)),
        },
    }
}

/// A session with its root; its logs are where its shell has them.
fn located(root: &Root, session: Session) -> Located {
    let logs = session.record.locations.as_ref().map(|locations| locations.logs.clone());
    (logs.map_or_else(|| root.clone(), |logs| root.with_logs(logs)), session)
}

/// Why a session that is somewhere else cannot be used from here, and what may run there.
fn elsewhere(root: &Root, id: &SessionId) -> anyhow::Error {
    let why = sweep::examine(root, id.clone()).elsewhere().map(|why| format!("it {why}"));
    let why = why.unwrap_or_else(|| "its shell cannot be looked at".to_owned());
    let message = format!("could not use the session {id}: {why}");
    hinted(message, "use it from where it was opened, or open another one here with eval \"$(mcp-hook open)\"")
}

/// The same for a server that a client runs: `None` if there is none and none was named.
pub fn find_existing(root: &Root, named: Option<&SessionId>) -> Result<Option<Located>> {
    let found = if named.is_some() { Some(find_by(root, named)?) } else { current(root)? };
    Ok(found.inspect(|(_, session)| adopt(session)))
}

/// The session that this process is in, for what only reads definitions. What its shell was told counts from now on.
pub fn adopt_current() -> Option<Located> {
    let found = Root::locate().ok().and_then(|root| glance(&root));
    found.inspect(|(_, session)| adopt(session))
}

/// What the shell of a session was told counts from now on, where this process was told nothing.
fn adopt(session: &Session) {
    if let Some(locations) = &session.record.locations {
        locations.adopt();
    }
}

/// The session that this process is in, if it is in one. One whose files have vanished is made again.
pub fn current(root: &Root) -> Result<Option<Located>> {
    let me = Me::new(|| process::read(Pid::this()));
    let inherited = Inherited::from_environment();
    if let Some(session) = named_by(&inherited, root, &me) {
        return Ok(Some(located(root, session)));
    }
    let others = root.others();
    if let Some(found) = others.iter().find_map(|root| Some(located(root, named_by(&inherited, root, &me)?))) {
        return Ok(Some(found));
    }
    let Some(me) = &*me else { bail!("could not read the state of this process") };
    let above: Vec<Pid> = ancestors(me.pid).collect();
    if let Some(session) = recovery::remake_session(root, &inherited, &above)? {
        return Ok(Some(located(root, session)));
    }
    let found = search(&[root].into_iter().chain(&others).collect::<Vec<_>>(), me, &above);
    debug!(session = ?found.as_ref().map(|(_, session)| &session.record.id), "searched for an owner above us or on our terminal");
    Ok(found)
}

/// The same without making anything that has vanished.
pub fn glance(root: &Root) -> Option<Located> {
    let me = Me::new(|| process::read(Pid::this()));
    let inherited = Inherited::from_environment();
    if let Some(session) = named_by(&inherited, root, &me) {
        return Some(located(root, session));
    }
    let others = root.others();
    let roots: Vec<&Root> = [root].into_iter().chain(&others).collect();
    let named = roots.iter().find_map(|root| Some(located(root, named_by(&inherited, root, &me)?)));
    let search_all = || search(&roots, me.as_ref()?, &ancestors(Pid::this()).collect::<Vec<_>>());
    named.or_else(search_all)
}

/// This process, looked at only if need be: most are right below the owner.
type Me = LazyCell<Option<Process>>;

/// The session that the environment names, if it is to be believed: its owner is above us or on our terminal, or we are
/// in one of its servers.
fn named_by(inherited: &Inherited, root: &Root, me: &Me) -> Option<Session> {
    let id = inherited.id.as_ref()?;
    let is_believable = |session: &Session| {
        is_ancestor(session.owner.pid(), getppid())
            || me.as_ref().is_some_and(|me| is_on_terminal_of(session, me) || is_below_watcher(root, id, me))
    };
    let session = live::find(root, id).filter(is_believable);
    match &session {
        Some(_) => debug!(session = %id, "the environment names a session whose owner is above us or on our terminal"),
        None => debug!(session = %id, "the environment names a session that is not ours; not believed"),
    }
    session
}

/// Whether we are in a server of this session: who watches over it is above us.
fn is_below_watcher(root: &Root, id: &SessionId, me: &Process) -> bool {
    ancestors(me.parent).any(|pid| is_called_watcher(pid) && names_watcher(root, id, pid))
}

/// Whether a record of this session proves that `pid` watches over one of its servers.
fn names_watcher(root: &Root, id: &SessionId, pid: Pid) -> bool {
    let records = servers::read(&root.session(id)).into_iter().filter_map(|(_, record)| record.ok());
    let mut both = records.filter(ServerRecord::is_of_this_host).filter_map(|record| record.watchers);
    both.any(|both| {
        let mut named = [both.supervisor, both.keeper].into_iter().filter(|watcher| watcher.pid() == pid);
        named.any(|watcher| control::lives(&watcher))
    })
}

fn is_on_terminal_of(session: &Session, me: &Process) -> bool {
    me.terminal != 0 && process::read(session.owner.pid()).is_some_and(|it| it.terminal == me.terminal)
}

/// Searches all sessions of these roots: first for an owner or a server's watcher above us, nearest first, then for an owner
/// on our terminal. The ids tell which are worth reading.
fn search(roots: &[&Root], me: &Process, above: &[Pid]) -> Option<Located> {
    let mut ids = Vec::new();
    for &root in roots {
        ids.extend(session_ids(root).into_iter().map(|id| (root, id)));
    }
    let owned = above.iter().find_map(|&pid| owned_by(&ids, pid));
    let (root, session) = owned.or_else(|| on_terminal_of(&ids, me))?;
    Some(located(root, session))
}

/// The session that this process owns, or over one of whose servers it watches.
fn owned_by<'root>(ids: &[(&'root Root, SessionId)], pid: Pid) -> Option<(&'root Root, Session)> {
    if is_called_watcher(pid) {
        return ids.iter().filter(|(root, id)| names_watcher(root, id, pid)).find_map(live_in);
    }
    let candidates = ids.iter().filter(|(_, id)| id.owner() == Some(pid.as_raw()));
    candidates.filter_map(live_in).find(|(_, session)| session.owner.pid() == pid)
}

/// The session whose owner is on our terminal.
fn on_terminal_of<'root>(ids: &[(&'root Root, SessionId)], me: &Process) -> Option<(&'root Root, Session)> {
    let terminal = process::terminal_path(me.terminal)?;
    let short: String = terminal.strip_prefix("/dev").ok()?.to_str()?.replace('/', "");
    let candidates = ids.iter().filter(|(_, id)| id.terminal() == short);
    candidates.filter_map(live_in).find(|(_, session)| is_on_terminal_of(session, me))
}

fn live_in<'root>((root, id): &(&'root Root, SessionId)) -> Option<(&'root Root, Session)> {
    Some((root, live::find(root, id)?))
}

const SEE_ALL: &str = "mcp-hook status --all shows the sessions there are";
