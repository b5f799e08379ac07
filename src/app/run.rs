//! Running a server for the client that started this process, on its standard streams.
//!
//! The process forks and becomes the keeper: it is the caller's last act. Where nothing can be recorded the server is run
//! without records, because the client needs it.

use std::io::{self, ErrorKind};

use anyhow::{Context, Result, bail};

use super::free_name::FreeName;
use super::overrides::Overrides;
use super::plan;
use super::progress::{Notice, Progress};
use super::target::Target;
use super::unstarted::Unstarted;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::log::central::{self, Level};
use crate::server::command::CommandLine;
use crate::server::record::Mode;
use crate::session::live::Session;
use crate::session::sweep::incremental;
use crate::session::{self, find, owner};
use crate::supervisor::launch;

/// How many servers may run under one name in one session.
const MOST: u32 = 1000;

/// A server that a client wants.
pub struct Request<'a> {
    /// What the client calls it.
    pub label: &'a str,
    /// What it is called here, unless that name is taken.
    pub name: &'a ServerName,
    /// Its command, if it is not defined.
    pub command: Option<CommandLine>,
    pub overrides: Overrides,
    /// Its session, if that is not to be looked for.
    pub session: Option<&'a SessionId>,
}

/// Runs a server until it has ended. Returns what a shell would report of it.
pub fn run(request: Request<'_>, progress: &impl Progress) -> Result<i32, Unstarted> {
    let (root, found) = find_session(request.session, progress)?;
    let target = match request.command {
        Some(command) => Target::typed(command, &request.overrides)?,
        None => Target::defined(request.name, &request.overrides)?,
    };
    let in_session = found.as_ref().map(|session| root.session(&session.record.id));
    let (resolved, warnings) = target.resolve("run", in_session.as_ref(), None)?;
    progress.notice(Notice::Warnings(&warnings));
    let (root, session, free_name) = take_name(root, found, request.name, progress)?;
    let (id, name) = (session.record.id.clone(), free_name.name.clone());
    if request.label != name.as_str() {
        tell_name(&root, &id, request.label, &name, progress);
    }
    let could_not = || format!("could not run {}", request.name);
    let lease = plan::lease(&root, resolved.settings(), None).with_context(could_not)?;
    let prepared = resolved.bind(&id, &name, &root.session(&id).server(&name)).with_context(could_not)?;
    let mut plan = plan::plan(&root, session, free_name, Mode::Run, prepared)?;
    plan.record.wanted = Some(request.name).filter(|&wanted| *wanted != name).cloned();
    if let Some(lease) = lease {
        plan.give(lease);
    }
    Ok(launch::run(plan).with_context(could_not)?)
}

/// The session that the client is in, if it is in one, and the root that it lies in.
fn find_session(named: Option<&SessionId>, progress: &impl Progress) -> Result<(Root, Option<Session>)> {
    let root = match Root::open() {
        Err(error) if !Root::is_chosen() => {
            progress.notice(Notice::NoRoot(&error));
            return Ok((Root::nowhere(), None));
        }
        root => root?,
    };
    let found = match find::find_existing(&root, named) {
        Err(error) if named.is_none() => {
            progress.notice(Notice::NoSession(&error));
            None
        }
        found => found?,
    };
    Ok(found.map_or((root, None), |(root, session)| (root, Some(session))))
}

/// A free name in the session, which is made for the client if it is in none; without records where they cannot be
/// written.
fn take_name(
    root: Root,
    found: Option<Session>,
    name: &ServerName,
    progress: &impl Progress,
) -> Result<(Root, Session, FreeName)> {
    if !root.is_nowhere() {
        match take_recorded_name(&root, found, name) {
            Err(error) if !Root::is_chosen() && is_unwritable(&error) => progress.notice(Notice::Unrecorded(&error)),
            taken => return taken.map(|(session, free_name)| (root, session, free_name)),
        }
    }
    let free_name = FreeName::unrecorded(name).context("could not open /dev/null")?;
    Ok((Root::nowhere(), session::unrecorded(owner::client())?, free_name))
}

fn take_recorded_name(root: &Root, found: Option<Session>, name: &ServerName) -> Result<(Session, FreeName)> {
    let session = match found {
        Some(session) => session,
        None => session::create(root, owner::client())?,
    };
    incremental::sweep(root, &session.record.id)?;
    let free_name = first_free(&root.session(&session.record.id), name)?;
    Ok((session, free_name))
}

/// The name, or the first free one of `NAME.2`, `NAME.3` and so on: a client may check its servers while another client of
/// the same terminal uses them.
fn first_free(session: &SessionPaths, wanted: &ServerName) -> Result<FreeName> {
    for number in 1..=MOST {
        let name = if number == 1 { wanted.clone() } else { wanted.numbered(number) };
        if let Some(free_name) = FreeName::take(&name, &session.server(&name))? {
            return Ok(free_name);
        }
    }
    bail!("could not run {wanted}: {MOST} servers run under this name")
}

/// Whether a file system takes nothing more.
fn is_unwritable(error: &anyhow::Error) -> bool {
    use ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let cause = error.root_cause().downcast_ref::<io::Error>().map(io::Error::kind);
    cause.is_some_and(|kind| [QuotaExceeded, ReadOnlyFilesystem, StorageFull].contains(&kind))
}

/// Tells the client, and the log, what a server is called that has another name elsewhere.
fn tell_name(root: &Root, session: &SessionId, label: &str, name: &ServerName, progress: &impl Progress) {
    progress.notice(Notice::Renamed { label, name });
    if !root.is_nowhere() {
        let text = format!("{label:?} runs as {name}");
        central::report(&root.central(), Level::Info, (Some(session), Some(name)), &text);
    }
}
