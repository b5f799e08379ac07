//! `start`: a server in the background.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::{Run, spec};
use crate::cli::Start;
use crate::disk::layout::{Root, ServerPaths};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::server::invocation::Prepared;
use crate::server::log::{self, Stream};
use crate::server::record::{Mode, ServerRecord, State};
use crate::session::open::Session;
use crate::session::{find, sweep};
use crate::supervisor::launch::{self, Announcement};
use crate::supervisor::request;
use crate::sys::fd;
use crate::sys::wait::Exit;
use crate::ui;

/// How much of a failed server's error output is shown, in lines.
const SHOWN: usize = 10;

impl Run for Start {
    fn run(self) -> Result<ExitCode> {
        fd::close_inherited();
        let prepared = self.what.prepare("start")?;
        let root = Root::open()?;
        let session = find::find(&root, self.session.session.as_ref())?;
        start(&root, session, &self.what.name, prepared, !self.no_wait)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts a server in a session and, if wanted, waits until it is ready.
///
/// # Errors
/// When it runs already, cannot be started, or ends before it is ready.
pub fn start(root: &Root, session: Session, name: &ServerName, prepared: Prepared, wait: bool) -> Result<()> {
    let paths = root.session(&session.record.id).server(name);
    let id = session.record.id.clone();
    let announcement = launch(root, session, name, prepared);
    // While the server starts, what was left under other names has its turn.
    let _ = sweep::examine(root, id).sweep();
    let announcement = announcement?;
    if !wait {
        return Ok(());
    }
    let is_ready = ui::spin(&format!("starting {name}"), || announcement.wait());
    report(name, &paths, is_ready)
}

fn launch(root: &Root, session: Session, name: &ServerName, prepared: Prepared) -> Result<Announcement> {
    let paths = root.session(&session.record.id).server(name);
    // What a killed supervisor and keeper left under this name goes first.
    if let Ok(Some(record)) = ServerRecord::read(&paths)
        && !request::is_answered_for(&paths, &record)
    {
        let _ = request::sweep_lost(&paths, record);
    }
    let Some(lock) = spec::lock(&paths)? else {
        return Err(hinted(
            format!("could not start {name}: it is running already"),
            format!("mcp-hook restart {name}, or start it under another name"),
        ));
    };
    let plan = spec::plan(root, session, (name.clone(), lock), Mode::Start, prepared)?;
    launch::start(plan).with_context(|| format!("could not start {name}"))
}

/// Says how the start went.
///
/// # Errors
/// When it failed.
pub fn report(name: &ServerName, paths: &ServerPaths, is_ready: bool) -> Result<()> {
    let record = ServerRecord::read(paths)?;
    let pid = record.as_ref().and_then(|record| record.state.server()).map(|server| server.pid);
    if is_ready {
        ui::say(&match pid {
            Some(pid) => format!("started {name}, pid {pid}"),
            None => format!("started {name}"),
        });
        return Ok(());
    }
    let cause = match record.map(|record| record.state) {
        Some(State::Failed { cause, .. }) => bail!("{cause}"),
        Some(State::Ended(end)) => match end.exit {
            Some(Exit::Code(code)) => format!("it ended at once with exit status {code}"),
            Some(Exit::Signal(number)) => format!("it was ended at once by signal {number}"),
            None => format!("it was ended at once because {}", end.reason.text()),
        },
        _ => "it was ended before it was ready".to_owned(),
    };
    let mut message = format!("could not start {name}: {cause}");
    let is_error = |line: &str| log::text_of(line, Stream::Err).is_some();
    for line in log::tail(&paths.log, SHOWN, is_error).unwrap_or_default() {
        message += "\n  ";
        message += log::text_of(&line, Stream::Err).unwrap_or_default();
    }
    Err(hinted(message, format!("mcp-hook logs {name} shows all of {}", paths.log.display())))
}
