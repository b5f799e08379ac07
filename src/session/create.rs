//! Making a session: its id, its directories and its record.

use std::io;

use anyhow::{Context, Result, bail, ensure};
use tracing::debug;

use super::live::{self, Session};
use super::owner::{hold, look};
use super::record::SessionRecord;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::locations::ShellLocations;
use crate::disk::names::SessionId;
use crate::disk::registry;
use crate::failpoint;
use crate::sys::handle::ProcessHandle;
use crate::sys::host::Host;
use crate::sys::process::{self, Process};
use crate::sys::{Identity, Pid, fd};

/// Makes a session that lives as long as `owner`, or finds the one that does.
pub fn create(root: &Root, owner: Pid) -> Result<Session> {
    find_or_make(root, &look(owner)?).map(|(session, _)| session)
}

/// A session that lives as long as `owner` and stands in no record, for where there is no place for one.
pub fn unrecorded(owner: Pid) -> Result<Session> {
    let handle = hold(owner)?;
    let terminal = process::read(owner).map_or(0, |process| process.terminal);
    let id = SessionId::new("", owner.as_raw(), fingerprint(handle.identity(), Host::current()));
    let record = SessionRecord::new(id, handle.identity(), terminal, process::name(owner));
    Ok(Session { record, owner: handle })
}

/// The session, and whether it is new.
pub fn find_or_make(root: &Root, owner: &Process) -> Result<(Session, bool)> {
    let handle = hold(owner.pid)?;
    ensure!(handle.identity().start == owner.start, "could not find the process {}: it has ended", owner.pid);
    let tty = process::terminal_path(owner.terminal);
    let terminal = tty.as_ref().and_then(|path| path.strip_prefix("/dev").ok()).and_then(|path| path.to_str());
    // The first choice is the same for the same process, so that a shell whose environment was emptied finds its
    // session again; whatever else has that id already is avoided.
    let mut choice = Ok(fingerprint(handle.identity(), Host::current()));
    for _ in 0..100 {
        let random = choice.context("could not get random bits")?;
        let id = SessionId::new(terminal.unwrap_or_default(), owner.pid.as_raw(), random);
        if let Some(record) = claim(root, &id, &handle, owner.terminal)? {
            debug!(session = %record.id, owner = %owner.pid, "made a session");
            registry::remember(&root.location());
            return Ok((Session { record, owner: handle }, true));
        }
        if let Some(session) =
            live::find(root, &id).filter(|session| session.owner.identity().is_same(&handle.identity()))
        {
            debug!(session = %id, "this shell has a session already");
            return Ok((session, false));
        }
        choice = fd::random();
    }
    bail!("could not create a session under {}: all ids are taken", root.runtime())
}

/// A number that another process hardly ever has: FNV-1a over who and where the process is.
fn fingerprint(owner: Identity, host: &Host) -> u64 {
    let text = format!("{owner:?} {host:?}");
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Makes the files of the session `id`; `None` if there is one.
fn claim(root: &Root, id: &SessionId, owner: &ProcessHandle, terminal: u64) -> Result<Option<SessionRecord>> {
    let paths = root.session(id);
    match paths.pids.make() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        result => result.with_context(|| format!("could not create {}", paths.pids))?,
    }
    failpoint::kill("session-directory");
    let record = make_files(root, id.clone(), owner, terminal)?;
    mark_untouched(&paths);
    Ok(Some(record))
}

/// When the files of a session were changed that nobody has used, in seconds since the epoch: its directory and pid file
/// before its record. What is done there later has the time of the clock, and that of no machine is so early. By that a shell
/// that ends sees, without starting a process, that there is nothing to close.
const UNTOUCHED: i64 = 1;
const RECORDED: i64 = 2;

/// Where one of these times cannot be set, the session counts as used.
fn mark_untouched(paths: &SessionPaths) {
    let _ = paths.record().date(RECORDED);
    let _ = paths.pid().date(UNTOUCHED);
    let _ = paths.pids.file(".").date(UNTOUCHED);
}

/// Writes the record of a session, and makes those of its directories that are not there yet.
pub fn make_files(root: &Root, id: SessionId, owner: &ProcessHandle, terminal: u64) -> Result<SessionRecord> {
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
