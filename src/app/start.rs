//! Starting a server in the background.
//!
//! The process forks and both sides go on in this program. So a caller must have one thread, and no descriptor open that a
//! keeper must not keep: it has copies of all of them for as long as the server lives. The keeper is a child of the caller,
//! in a session of its own; a caller that goes on has to collect it when it ends.

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use super::free_name::FreeName;
use super::overrides::Overrides;
use super::plan;
use super::progress::{Notice, Progress, Wait};
use super::target::{ResolvedTarget, Target};
use super::unstarted::{NameTaken, Unstarted};
use crate::disk::layout::{Root, ServerPaths};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::port::lease::Lease;
use crate::server::endpoint::Endpoint;
use crate::server::record::{Mode, ServerRecord};
use crate::server::settings::ReadyWhen;
use crate::session::live::Session;
use crate::session::sweep;
use crate::supervisor::announcement::{Announcement, Waited};
use crate::supervisor::control;
use crate::supervisor::launch;

/// A server that is to be started.
pub struct Request<'a> {
    pub name: &'a ServerName,
    pub target: Target,
    pub config: Config,
}

/// Which configuration a server gets that has a file for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Config {
    /// The session's copy, if there is one.
    AsInSession,
    /// A new copy of what the definition names.
    Fresh,
}

/// A server that has been started and is not ready yet.
pub struct Starting {
    name: ServerName,
    paths: ServerPaths,
    announcement: Announcement,
}

/// What became of a start that did not fail.
pub enum Started {
    /// The server is ready.
    Ready { pid: Option<i32>, port: Option<Endpoint> },
    /// Nobody needs it any more: the client has left that it was run for.
    ClientLeft,
    /// This signal says that nobody wants to wait any longer; the start goes on.
    Interrupted(Signal),
}

/// On what occasion a server is started.
pub enum Occasion {
    /// Somebody asked for it.
    Asked,
    /// With its session, with a port that was leased before if it is to have one.
    Session(Option<Lease>),
}

/// Checks what is to be started and starts it; does not wait until it is ready.
pub fn start(
    root: &Root,
    session: Session,
    request: Request<'_>,
    progress: &impl Progress,
) -> Result<Starting, Unstarted> {
    let paths = root.session(&session.record.id);
    let copy = (request.config == Config::AsInSession).then_some(&paths);
    let (resolved, warnings) = request.target.resolve("start", copy, None)?;
    progress.notice(Notice::Warnings(&warnings));
    if resolved.settings().ready.when == ReadyWhen::Mcp && resolved.settings().port.is_none() {
        let message = format!("could not start {}: it has no port on which it could be asked", request.name);
        return Err(hinted(message, "give it one: --port auto, and ${MCP_PORT} in its command").into());
    }
    start_resolved(root, session, request.name, resolved, progress)
}

/// The definition of a server of which only the name was given.
pub fn defined(paths: &ServerPaths, name: &ServerName, overrides: &Overrides) -> Result<Target, Unstarted> {
    Target::defined(name, overrides).map_err(|error| match error {
        Unstarted::Undefined { .. } => undefined(paths).unwrap_or_else(Unstarted::Other),
        error => error,
    })
}

/// Why a server is not started that is not defined: it may run all the same.
fn undefined(paths: &ServerPaths) -> Result<Unstarted> {
    let record = ServerRecord::read(paths)?;
    let is_running = record.as_ref().is_some_and(|record| !record.is_over() && control::is_answered_for(paths, record));
    Ok(if is_running {
        Unstarted::Taken(NameTaken::by(record))
    } else {
        Unstarted::Undefined { is_known: record.is_some_and(|record| record.source.is_none()) }
    })
}

/// The same for what has been checked.
pub fn start_resolved(
    root: &Root,
    session: Session,
    name: &ServerName,
    resolved: ResolvedTarget,
    progress: &impl Progress,
) -> Result<Starting, Unstarted> {
    let id = session.record.id.clone();
    let paths = root.session(&id).server(name);
    let launched = take_name(name, &paths, progress)
        .and_then(|free_name| launch(root, session, free_name, resolved, Occasion::Asked));
    // While the server starts, what was left under other names has its turn.
    let _ = sweep::examine_others(root, id, name).map(|others| others.end_lost());
    Ok(Starting { name: name.clone(), paths, announcement: launched? })
}

/// The name, locked; if its server is just ending, once it has.
pub fn take_name(name: &ServerName, paths: &ServerPaths, progress: &impl Progress) -> Result<FreeName, Unstarted> {
    if let Some(free_name) = FreeName::take(name, paths)? {
        return Ok(free_name);
    }
    if let Some(record) = ServerRecord::read(paths)?.filter(control::is_ending) {
        progress.during(Wait::EndOf(name), || control::await_settled(paths, &record));
    }
    match FreeName::take(name, paths)? {
        Some(free_name) => Ok(free_name),
        None => Err(Unstarted::Taken(NameTaken::by(ServerRecord::read(paths)?))),
    }
}

/// Splits off keeper and supervisor for a server under a free name.
pub fn launch(
    root: &Root,
    session: Session,
    free_name: FreeName,
    resolved: ResolvedTarget,
    occasion: Occasion,
) -> Result<Announcement, Unstarted> {
    let name = free_name.name.clone();
    let paths = root.session(&session.record.id).server(&name);
    let could_not = || format!("could not start {name}");
    let is_autostart = matches!(occasion, Occasion::Session(_));
    let lease = match occasion {
        Occasion::Session(lease) => lease,
        Occasion::Asked => plan::lease(root, resolved.settings(), free_name.last_port).with_context(could_not)?,
    };
    let prepared = resolved.bind(&session.record.id, &name, &paths).with_context(could_not)?;
    let mut plan = plan::plan(root, session, free_name, Mode::Start, prepared)?;
    plan.record.autostart = is_autostart;
    if let Some(lease) = lease {
        plan.give(lease);
    }
    Ok(launch::start(plan).with_context(could_not)?)
}

impl Starting {
    /// Waits until the server is ready.
    pub fn wait(self, progress: &impl Progress) -> Result<Started, Unstarted> {
        let Self { name, paths, announcement } = self;
        let tell = |line: &str| progress.notice(Notice::Supervisor(line));
        let waited = progress.during(Wait::Start(&name), || announcement.wait(&paths, tell));
        Started::of(&paths, waited)
    }
}

impl Started {
    pub fn of(paths: &ServerPaths, waited: Waited) -> Result<Self, Unstarted> {
        match waited {
            Waited::Ready => {
                let record = ServerRecord::read(paths)?;
                let pid = record.as_ref().and_then(|record| record.state.server()).map(|server| server.pid);
                Ok(Self::Ready { pid, port: record.and_then(|record| record.port) })
            }
            Waited::ClientLeft => Ok(Self::ClientLeft),
            Waited::Interrupted(signal) => Ok(Self::Interrupted(signal)),
            Waited::Stalled(pid) => Err(Unstarted::Stalled(pid)),
            Waited::NotReady => Err(Unstarted::not_ready(paths, ServerRecord::read(paths)?.as_ref())),
        }
    }
}
