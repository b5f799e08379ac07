//! `start`: a server in the background.

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result, anyhow};

use super::{Run, env};
use crate::app::free_name::FreeName;
use crate::app::plan;
use crate::app::target::Startable;
use crate::cli::Start;
use crate::context;
use crate::disk::layout::{Root, ServerPaths};
use crate::disk::names::ServerName;
use crate::failure::{hinted, listed};
use crate::log;
use crate::port::lease::Lease;
use crate::server::end::Reason;
use crate::server::endpoint::Endpoint;
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::server::settings::ReadyWhen;
use crate::server::unkillable;
use crate::session::open::Session;
use crate::session::{find, sweep};
use crate::supervisor::control;
use crate::supervisor::launch::{self, Announcement, Waited};
use crate::sys::signals;
use crate::sys::wait::Exit;
use crate::ui;

/// How much of a failed server's error output is shown, in lines.
const SHOWN: usize = 10;

impl Run for Start {
    fn run(self) -> Result<ExitCode> {
        let typed = self.what.typed("start")?;
        // Where definitions are, the session may know.
        let (root, session) = find::find(&Root::open()?, self.session.session.as_ref())?;
        let mut wanted = typed.map_or_else(|| self.what.defined("start"), Ok)?;
        self.life.apply(wanted.settings());
        let paths = root.session(&session.record.id);
        let startable = wanted.resolve("start", (!self.fresh).then_some(&paths), None)?;
        start(&root, session, &self.what.name, startable, !self.no_wait)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts a server in a session and, if wanted, waits until it is ready.
///
/// # Errors
/// When it runs already, cannot be started, or ends before it is ready.
pub fn start(root: &Root, session: Session, name: &ServerName, what: Startable, wait: bool) -> Result<()> {
    let paths = root.session(&session.record.id).server(name);
    let record = session.record.clone();
    let announcement = launch(root, session, name, what, Occasion::Asked);
    // While the server starts, what was left under other names has its turn.
    let _ = sweep::examine(root, record.id.clone()).sweep();
    let announcement = announcement?;
    if !wait {
        return Ok(());
    }
    let waited = ui::spin(&format!("starting {name}"), || announcement.wait(&paths, ui::say_meanwhile));
    report("start", name, &paths, waited)?;
    env::warn_of_stale(root, &record, name);
    Ok(())
}

/// On what occasion a server is started.
pub enum Occasion {
    /// Somebody asked for it.
    Asked,
    /// With its session, with a port that was leased before if it is to have one.
    Session(Option<Lease>),
}

/// Starts a server in a session; does not wait.
///
/// # Errors
/// When it runs already, its port is taken, or the system has no process left.
pub fn launch(
    root: &Root,
    session: Session,
    name: &ServerName,
    what: Startable,
    occasion: Occasion,
) -> Result<Announcement> {
    let paths = root.session(&session.record.id).server(name);
    let Some(free) = take(name, &paths)? else { return Err(why_taken(name, ServerRecord::read(&paths)?)) };
    let describe = || format!("could not start {name}");
    let earlier = ServerRecord::read(&paths).ok().flatten();
    let port = earlier.and_then(|record| record.port).map(|port| port.number);
    let (lease, is_autostart) = match occasion {
        Occasion::Session(Some(lease)) => (Some(lease), true),
        Occasion::Session(None) => (plan::lease(root, what.settings(), port).with_context(describe)?, true),
        Occasion::Asked => (plan::lease(root, what.settings(), port).with_context(describe)?, false),
    };
    let prepared = what.bind(&session.record.id, name, &paths).with_context(describe)?;
    let mut plan = plan::plan(root, session, free, Mode::Start, prepared)?;
    plan.record.autostart = is_autostart;
    if let Some(lease) = lease {
        plan.give(lease);
    }
    launch::start(plan).with_context(describe)
}

/// The lock on a server's name; if it is just ending, once it has.
fn take(name: &ServerName, paths: &ServerPaths) -> Result<Option<FreeName>> {
    if let Some(free) = FreeName::take(name, paths)? {
        return Ok(Some(free));
    }
    if let Some(record) = ServerRecord::read(paths)?.filter(control::is_ending) {
        ui::spin(&format!("waiting for the end of {name}"), || control::await_settled(paths, &record));
    }
    FreeName::take(name, paths)
}

/// Why a name cannot be had, by the record of the server that has it.
fn why_taken(name: &ServerName, record: Option<ServerRecord>) -> Error {
    if let Some(container) = record.as_ref().and_then(|record| record.container.as_ref()).filter(|it| it.is_left()) {
        let hint = format!("{} ends it; mcp-hook stop {name} tries again", container.remedy());
        return hinted(format!("could not start {name}: {}", container.complaint()), hint);
    }
    let (why, hint) = match record.map(|record| record.state) {
        Some(ServerState::Waiting { .. }) => (
            "it failed and is about to be started again".to_owned(),
            format!("mcp-hook restart {name} does so now, mcp-hook stop {name} calls it off"),
        ),
        Some(ServerState::Unkillable { pids, refused, .. }) => {
            let what = unkillable::describe(&pids, &refused);
            (format!("something is left of it: {what}"), "start it under another name".to_owned())
        }
        Some(ServerState::Starting | ServerState::Running { ready: false, .. }) => (
            "it is starting already".to_owned(),
            format!("mcp-hook status {name} shows how far it is, mcp-hook stop {name} calls it off"),
        ),
        Some(ServerState::Stopping { .. }) => {
            ("it is just ending".to_owned(), format!("mcp-hook status {name} shows when it has ended"))
        }
        _ => ("it is running already".to_owned(), format!("mcp-hook restart {name}, or start it under another name")),
    };
    hinted(format!("could not start {name}: {why}"), hint)
}

/// Says how the start went that `verb` has brought about.
///
/// # Errors
/// When it failed.
pub fn report(verb: &str, name: &ServerName, paths: &ServerPaths, waited: Waited) -> Result<()> {
    match waited {
        Waited::Interrupted(signal) => {
            let hint = format!("mcp-hook status {name} shows how far it is, mcp-hook stop {name} calls it off");
            ui::warn(&format!("the {verb} of {name} goes on: {hint}"));
            signals::end_by(signal);
        }
        Waited::Stalled(pid) => {
            let message = format!("could not {verb} {name}: another process keeps its supervisor (pid {pid}) stopped");
            Err(hinted(message, format!("mcp-hook stop {name} ends it all the same")))
        }
        Waited::Ready => {
            say_started(name, ServerRecord::read(paths)?);
            Ok(())
        }
        Waited::NotReady => Err(not_ready(name, paths, ServerRecord::read(paths)?.as_ref())),
    }
}

fn say_started(name: &ServerName, record: Option<ServerRecord>) {
    let pid = record.as_ref().and_then(|record| record.state.server()).map(|server| format!(", pid {}", server.pid));
    let port = record.and_then(|record| record.port);
    let place = port.as_ref().map(place);
    ui::say(&format!("started {name}{}{}", pid.unwrap_or_default(), place.unwrap_or_default()));
    if let Some(port) = port.filter(|port| port.public) {
        ui::warn(&format!("other machines can reach {name} on port {}: it listens on all interfaces", port.number));
    }
}

/// The port, and the address where it is not the usual one.
fn place(port: &Endpoint) -> String {
    let address = port.address.filter(|address| *address != Ipv4Addr::LOCALHOST);
    let address = address.map(|address| format!(" at {address}"));
    format!(", port {}{}", port.number, address.unwrap_or_default())
}

fn not_ready(name: &ServerName, paths: &ServerPaths, record: Option<&ServerRecord>) -> Error {
    let cause = match record {
        // It could not be tried at all; the cause says what.
        Some(ServerRecord { state: ServerState::Failed { cause, code: 125..=127 }, .. }) => return anyhow!("{cause}"),
        Some(record) => why(record),
        None => "its record was removed".to_owned(),
    };
    let message = format!("could not start {name}: {cause}");
    let last_words = log::last_words(&paths.log, SHOWN, over_at(record)).unwrap_or_default();
    let lines = last_words.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    if record.is_some_and(|record| was_silent(record, paths)) {
        let hint = "it printed nothing: many programs keep their output to themselves where there is no terminal; an \
                    option of its own, or stdbuf -oL in front of it, may change that";
        return listed(message, lines, hint);
    }
    listed(message, lines, format!("mcp-hook logs {name} shows all of {}", paths.log))
}

/// Whether a line was waited for in vain, and nothing at all was printed meanwhile.
fn was_silent(record: &ServerRecord, paths: &ServerPaths) -> bool {
    let (ServerState::Ended(end) | ServerState::Waiting { end, .. }) = &record.state else { return false };
    let asked_to_end = SystemTime::UNIX_EPOCH + Duration::from_millis(end.at.saturating_sub(end.took));
    matches!(record.settings.ready.when, ReadyWhen::Log(_))
        && end.reason == Reason::NotReady
        && !log::has_printed(&paths.log, asked_to_end).unwrap_or(true)
}

/// When the life was over of which a record tells; now if it tells of none.
fn over_at(record: Option<&ServerRecord>) -> SystemTime {
    match record.map(|record| &record.state) {
        Some(ServerState::Ended(end) | ServerState::Waiting { end, .. }) => {
            SystemTime::UNIX_EPOCH + Duration::from_millis(end.at)
        }
        _ => context::wall_clock(),
    }
}

/// Why a server is not ready, and is not going to be.
fn why(record: &ServerRecord) -> String {
    match &record.state {
        ServerState::Failed { cause, .. } => cause.clone(),
        ServerState::Ended(end) | ServerState::Waiting { end, .. } => match end.exit {
            _ if end.reason == Reason::NotReady => end.reason.explain(&record.settings).into_owned(),
            Some(Exit::Code(code)) => format!("it ended at once with exit status {code}"),
            Some(Exit::Signal(number)) => format!("it was ended at once by signal {number}"),
            None => format!("it was ended at once because {}", end.reason.explain(&record.settings)),
        },
        _ => "it was ended before it was ready".to_owned(),
    }
}
