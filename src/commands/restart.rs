//! `restart`: the end of a server's tree, and a new one.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::progress::Shown;
use super::{Run, env, start, stop};
use crate::app::stop::{Stopped, Unstopped, ask_one, recovered_record};
use crate::app::target::Target;
use crate::cli::Restart;
use crate::disk::layout::{Root, ServerPaths, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::failure::hinted;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::session::find;
use crate::supervisor::control::{self, Request};
use crate::supervisor::launch::Waited;
use crate::supervisor::stall::Stall;
use crate::supervisor::stop_error::StopError;
use crate::sys::follow::Follower;
use crate::sys::signals::Interrupts;
use crate::ui;

/// How often the supervisor is looked after while nothing changes on disk.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Run for Restart {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let mut failed = false;
        for name in &self.names {
            if let Err(error) = restart(&root, self.session.session.as_ref(), name, self.fresh) {
                failed = true;
                ui::error(&error);
            }
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Has the supervisor restart the server, with the environment that it was started with; one that has ended is started
/// with ours, as its definition says now. So is any other that is wanted `fresh`, with a new copy of its configuration.
fn restart(root: &Root, id: Option<&SessionId>, name: &ServerName, fresh: bool) -> Result<()> {
    let (root, session) = find::find(root, id)?;
    let in_session = root.session(&session.record.id);
    let directory = &in_session.pids;
    let paths = root.session(&session.record.id).server(name);
    let Some(record) = recovered_record(&paths)? else {
        let message = format!("could not restart {name}: there is no server of this name in this session");
        return Err(hinted(message, "mcp-hook status shows those there are"));
    };
    if record.mode == Mode::Run && !record.state.is_final() {
        bail!("could not restart {name}: it belongs to a client; restart it there");
    }
    if fresh {
        let startable = Target::again(&record)?.resolve("restart", None, Some(&record.directory))?;
        stop_first(&in_session, name)?;
        return start::start(&root, session, name, startable, true);
    }
    let changes = Follower::new(directory.path()).with_context(|| format!("could not watch {directory}"))?;
    let request = control::ask_to_restart(&paths, &record);
    if !record.state.is_final() && request.watchers.any() {
        let outcome = ui::spin(&format!("restarting {name}"), || await_restart(&paths, &record, &request, &changes));
        let outcome = outcome
            .map_err(|error| Unstopped::Left { error, record: paths.record.clone() })
            .map_err(|error| stop::could_not("restart", name, error))?;
        if let Some(waited) = outcome {
            start::report("restart", name, &paths, waited)?;
            env::warn_of_stale(&root, &session.record, name);
            return Ok(());
        }
    }
    let startable = Target::again(&record)?.resolve("restart", Some(&in_session), Some(&record.directory))?;
    start::start(&root, session, name, startable, true)
}

/// Ends what is about to be started anew.
fn stop_first(session: &SessionPaths, name: &ServerName) -> Result<()> {
    match ask_one(session, name.clone()).wait(&Shown) {
        Ok(Stopped::NotRunning) => Ok(()),
        Ok(stopped) => {
            ui::say(&stop::describe(name, &stopped));
            Ok(())
        }
        Err(error) => Err(stop::could_not("stop", name, error)),
    }
}

/// Waits until the server has been started again and is ready, or is not going to be. `None` if it ended by itself, or with
/// its watchers, before they heard of it, or because they did not answer.
///
/// # Errors
/// When it could not be ended.
fn await_restart(
    paths: &ServerPaths,
    old: &ServerRecord,
    request: &Request,
    changes: &Follower,
) -> Result<Option<Waited>, StopError> {
    let mut interrupts = Interrupts::listen().ok();
    let mut stall = Stall::default();
    loop {
        let is_supervised = request.watchers.any();
        let Ok(Some(record)) = ServerRecord::read(paths) else { return Ok(None) };
        let is_new = record.restarts > old.restarts;
        if let Some(waited) = outcome(&record, is_new) {
            return Ok(Some(waited));
        }
        if !is_supervised {
            return Ok(None);
        }
        if !is_new && (request.is_overdue(&record) || matches!(record.state, ServerState::Unkillable { .. })) {
            return control::await_end(paths, &record, request).map(|_| None);
        }
        if let Some(pid) = stall.look(&request.watchers).filter(|_| is_new) {
            return Ok(Some(Waited::Stalled(pid)));
        }
        changes.wait(Some(LOOK_EVERY));
        if let Some(signal) = interrupts.as_mut().and_then(Interrupts::pending) {
            return Ok(Some(Waited::Interrupted(signal)));
        }
    }
}

/// What a record says of a restart, which it tells of if it is new.
fn outcome(record: &ServerRecord, is_new: bool) -> Option<Waited> {
    match record.state {
        ServerState::Running { ready: true, .. } if is_new => Some(Waited::Ready),
        ServerState::Waiting { .. } | ServerState::Ended(_) | ServerState::Failed { .. } if is_new => {
            Some(Waited::NotReady)
        }
        // Somebody else wanted the opposite.
        ServerState::Ended(End { reason: Reason::Stopped | Reason::SessionEnded, .. }) => Some(Waited::NotReady),
        _ => None,
    }
}
