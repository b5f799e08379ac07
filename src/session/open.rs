//! Opening a session: joining the one that this shell is in, or making a new one.

use std::io;

use anyhow::{Context, Result, bail};
use tracing::debug;

use super::record::{Owner, SessionRecord};
use super::recovery;
use crate::disk::layout::Root;
use crate::disk::locations::ShellLocations;
use crate::disk::names::SessionId;
use crate::disk::registry;
use crate::sys::handle::ProcessHandle;
use crate::sys::host::Host;
use crate::sys::process::{self, Process};
use crate::sys::{Identity, Pid, fd};
use crate::{context, failpoint};

/// A session that lives.
pub struct Session {
    /// Its record.
    pub record: SessionRecord,
    /// A hold on its owner.
    pub owner: ProcessHandle,
}

/// What [`open`] found or made.
pub struct Opened {
    /// The root that it lies in.
    pub root: Root,
    /// The session.
    pub session: Session,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// What the environment says of a session. Hints, never trusted.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// `MCP_SESSION_ID`.
    pub id: Option<SessionId>,
    /// The pid in `MCP_HOOK_OWNER`, if it names the same session.
    pub owner: Option<i32>,
    /// `MCP_HOOK_NESTED=new`.
    pub wants_own: bool,
}

impl Inherited {
    /// Reads the environment. What has not the right shape counts as unset.
    pub fn from_environment() -> Self {
        let id: Option<SessionId> = context::text_variable("MCP_SESSION_ID").and_then(|text| text.parse().ok());
        let owner = context::text_variable("MCP_HOOK_OWNER").and_then(|text| {
            let (pid, session) = text.split_once(':')?;
            (Some(session) == id.as_ref().map(SessionId::as_str)).then(|| pid.parse().ok())?
        });
        let wants_own = context::text_variable("MCP_HOOK_NESTED").as_deref() == Some("new");
        Self { id, owner, wants_own }
    }
}

/// Opens a session for `shell`: the same one if it owns one already, the one around it if that is on the same
/// terminal, else a new one.
///
/// # Errors
/// When the session's files cannot be made.
pub fn open(root: &Root, shell: &Process, inherited: &Inherited) -> Result<Opened> {
    if let Some(session) = inherited.id.as_ref().and_then(|id| live(root, id))
        && may_join(&session, shell, inherited.wants_own)
    {
        debug!(session = %session.record.id, "joined the session around this shell");
        return Ok(Opened { root: root.clone(), session, is_new: false });
    }
    if let Some((root, session)) = of_other_root(root, shell, inherited) {
        debug!(session = %session.record.id, "joined a session that was opened with other variables");
        return Ok(Opened { root, session, is_new: false });
    }
    if let Some(session) = recovery::session(root, inherited, &[shell.pid])? {
        return Ok(Opened { root: root.clone(), session, is_new: false });
    }
    debug!("no session to join");
    let (session, is_new) = find_or_make(root, shell.pid)?;
    Ok(Opened { root: root.clone(), session, is_new })
}

/// The session to join, if it lies in another root of this user.
fn of_other_root(root: &Root, shell: &Process, inherited: &Inherited) -> Option<(Root, Session)> {
    let id = inherited.id.as_ref()?;
    let find = |root: Root| live(&root, id).filter(|it| may_join(it, shell, inherited.wants_own)).map(|it| (root, it));
    root.others().into_iter().find_map(find)
}

/// The session with this id, if its owner lives.
pub fn live(root: &Root, id: &SessionId) -> Option<Session> {
    let record = SessionRecord::read(&root.session(id)).ok()??;
    match record.owner() {
        Owner::Alive(owner) => Some(Session { record, owner }),
        Owner::Gone | Owner::Elsewhere => None,
    }
}

fn may_join(session: &Session, shell: &Process, wants_own: bool) -> bool {
    if session.owner.pid() == shell.pid {
        return true;
    }
    !wants_own && shares_terminal(session, shell)
}

/// Whether `shell` is on the terminal of a session's owner, as it is now: names of terminals come back.
fn shares_terminal(session: &Session, shell: &Process) -> bool {
    let Some(owner) = process::read(session.owner.pid()) else { return false };
    if session.owner.has_exited() || owner.terminal != shell.terminal {
        return false;
    }
    // Without a terminal on either side only descent tells.
    shell.terminal != 0 || is_ancestor(owner.pid, shell.pid)
}

/// Who the session of a server lives as long as that was started by a client outside of every session: the client, or
/// this process, where the client cannot be seen. In a container it may be outside, and its number 0.
pub fn client() -> Pid {
    let parent = nix::unistd::getppid();
    let is_seen = parent.as_raw() > 0 && ProcessHandle::open(parent).is_some();
    if is_seen { parent } else { Pid::this() }
}

/// Makes a session that lives as long as `owner`, or finds the one that does.
///
/// # Errors
/// When the owner is gone, or the files cannot be made; nothing is left then.
pub fn create(root: &Root, owner: Pid) -> Result<Session> {
    find_or_make(root, owner).map(|(session, _)| session)
}

/// A session that lives as long as `owner` and stands in no record, for where there is no place for one.
///
/// # Errors
/// When the owner is gone.
pub fn unrecorded(owner: Pid) -> Result<Session> {
    let handle = hold(owner)?;
    let terminal = process::read(owner).map_or(0, |process| process.terminal);
    let id = SessionId::new("", owner.as_raw(), fingerprint(handle.identity(), Host::current()));
    let record = SessionRecord::new(id, handle.identity(), terminal, process::name(owner));
    Ok(Session { record, owner: handle })
}

fn hold(owner: Pid) -> Result<ProcessHandle> {
    if let Some(handle) = ProcessHandle::open(owner) {
        return Ok(handle);
    }
    look(owner)?;
    bail!("could not look at the process {owner}: there may be too many open files")
}

/// A process that has to be there.
///
/// # Errors
/// When it is not, or nobody can tell.
pub fn look(pid: Pid) -> Result<Process> {
    let process = process::look(pid).with_context(|| format!("could not look at the process {pid}"))?;
    process.with_context(|| format!("could not find the process {pid}"))
}

/// The session, and whether it is new.
fn find_or_make(root: &Root, owner: Pid) -> Result<(Session, bool)> {
    let handle = hold(owner)?;
    let process = look(owner)?;
    let tty = process::terminal_path(process.terminal);
    let terminal = tty.as_ref().and_then(|path| path.strip_prefix("/dev").ok()).and_then(|path| path.to_str());
    // The first choice is the same for the same process, so that a shell whose environment was emptied finds its
    // session again; whatever else has that id already is avoided.
    let mut choice = Ok(fingerprint(handle.identity(), Host::current()));
    for _ in 0..100 {
        let random = choice.context("could not get random bits")?;
        let id = SessionId::new(terminal.unwrap_or_default(), owner.as_raw(), random);
        if let Some(session) = live(root, &id).filter(|session| session.owner.identity().is_same(&handle.identity())) {
            debug!(session = %id, "this shell has a session already");
            return Ok((session, false));
        }
        choice = fd::random();
        if let Some(record) = claim(root, id, &handle, process.terminal)? {
            debug!(session = %record.id, owner = %owner, "made a session");
            registry::remember(&root.location());
            return Ok((Session { record, owner: handle }, true));
        }
    }
    bail!("could not create a session under {}: all ids are taken", root.runtime())
}

/// A number that another process hardly ever has: FNV-1a over who and where the process is.
fn fingerprint(owner: Identity, host: &Host) -> u64 {
    let text = format!("{owner:?} {host:?}");
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Makes the files of the session `id`; `None` if there is one.
fn claim(root: &Root, id: SessionId, owner: &ProcessHandle, terminal: u64) -> Result<Option<SessionRecord>> {
    let paths = root.session(&id);
    match paths.pids.make() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        result => result.with_context(|| format!("could not create {}", paths.pids))?,
    }
    failpoint::kill("session-directory");
    write(root, id, owner, terminal).map(Some)
}

/// Writes the record of a session, and makes what directories it has not got yet.
///
/// # Errors
/// When the files cannot be made.
pub fn write(root: &Root, id: SessionId, owner: &ProcessHandle, terminal: u64) -> Result<SessionRecord> {
    let paths = root.session(&id);
    paths.pids.ensure()?;
    paths.configs.make_or_check()?;
    // Made once there is something to log: most shells start nothing, and their disks are left alone.
    paths.logs.check_if_there()?;
    let mut record = SessionRecord::new(id, owner.identity(), terminal, process::name(owner.pid()));
    record.locations = Some(ShellLocations::here(root.logs().path().to_owned()));
    record.write(&paths).with_context(|| format!("could not write {}", paths.record()))?;
    Ok(record)
}

/// The shell that `process` was started by: its nearest ancestor that has executed a program of its own. A subshell,
/// as in `eval "$(mcp-hook open)"`, is only a copy of it.
pub fn shell_above(process: &Process) -> Option<Process> {
    let mut shell = process::read(process.parent)?;
    while let Some(parent) = process::read(shell.parent) {
        if !process::is_plain_fork(&shell, &parent) {
            break;
        }
        shell = parent;
    }
    Some(shell)
}

/// Whether `ancestor` is above `process`, or is it.
pub fn is_ancestor(ancestor: Pid, process: Pid) -> bool {
    ancestors(process).any(|pid| pid == ancestor)
}

/// `process` and everything above it, nearest first.
pub fn ancestors(process: Pid) -> impl Iterator<Item = Pid> {
    let above = |&pid: &Pid| process::read(pid).map(|it| it.parent).filter(|parent| parent.as_raw() > 0);
    // No chain is this long; a number that is used again while we climb must not lead into a circle.
    std::iter::successors(Some(process), above).take(1000)
}
