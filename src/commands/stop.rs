//! `stop`: the end of a server's tree.

use std::process::ExitCode;

use anyhow::{Error, Result};

use super::Run;
use crate::cli::Stop;
use crate::disk::layout::{Root, ServerPaths, SessionPaths};
use crate::disk::lock;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::server::record::{End, ServerRecord, State};
use crate::server::unended;
use crate::session::{find, recovery, sweep};
use crate::supervisor::control::{self, Watchers};
use crate::supervisor::recovery::orphaned::StopError;
use crate::supervisor::recovery::unreadable;
use crate::ui;

impl Run for Stop {
    fn run(self) -> Result<ExitCode> {
        let (root, session) = find::find(&Root::open()?, self.session.session.as_ref())?;
        let paths = root.session(&session.record.id);
        let names = if self.all { running(&paths) } else { self.names };
        if names.iter().any(|name| !paths.server(name).record.is_there()) {
            recovery::servers(&root, &session.record.id);
        }
        if names.is_empty() {
            ui::say("no server is running");
        }
        // All are asked before the first is waited for.
        let asked: Vec<_> = names.into_iter().map(|name| (ask(&paths, &name), name)).collect();
        let mut failed = false;
        for (asked, name) in asked {
            match asked.and_then(|asked| finish(&paths, &name, asked)) {
                Ok(message) => ui::say(&message),
                Err(error) => {
                    failed = true;
                    ui::error(&error);
                }
            }
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// A server that was asked to end.
pub enum Asked {
    /// What it was, and who answers for it.
    Recorded(Box<ServerRecord>, Watchers),
    /// Its record cannot be read; it has ended.
    Unreadable,
}

/// Asks the server to end; `None` if it has ended already. One whose record cannot be read is ended at once.
///
/// # Errors
/// When there is none of this name, or nothing of one whose record is unreadable was found.
pub fn ask(paths: &SessionPaths, name: &ServerName) -> Result<Option<Asked>> {
    let files = paths.server(name);
    if ServerRecord::read(&files).is_err() {
        unreadable::recall(&files);
    }
    let found = match ServerRecord::read(&files) {
        Ok(found) => found,
        Err(error) => {
            let ended = ui::spin(&format!("stopping {name}"), || unreadable::end(&files));
            let count = ended.map_err(|why| could_not("stop", name, &files, &why))?;
            return if count > 0 { Ok(Some(Asked::Unreadable)) } else { Err(error) };
        }
    };
    let Some(record) = found else {
        return Err(hinted(
            format!("could not stop {name}: there is no server of this name in this session"),
            "mcp-hook status shows those there are",
        ));
    };
    if record.is_over() {
        return Ok(None);
    }
    let watchers = control::ask_to_stop(&files, &record);
    Ok(Some(Asked::Recorded(Box::new(record), watchers)))
}

/// Waits until it is over and says what it took.
///
/// # Errors
/// When something is left.
pub fn finish(paths: &SessionPaths, name: &ServerName, asked: Option<Asked>) -> Result<String> {
    let (record, watchers) = match asked {
        None => return Ok(format!("{name} is not running")),
        Some(Asked::Unreadable) => return Ok(format!("stopped {name}, whose record could not be read")),
        Some(Asked::Recorded(record, watchers)) => (record, watchers),
    };
    let result = ui::spin(&format!("stopping {name}"), || control::await_end(&paths.server(name), &record, &watchers));
    let ended = result.map_err(|error| could_not("stop", name, &paths.server(name), &error))?;
    let was_waiting = matches!(record.state, State::Waiting { .. }) && ended.restarts == record.restarts;
    match &ended.state {
        _ if record.state.is_final() => Ok(format!("ended the container of {name}")),
        State::Ended(End { exit, .. }) if was_waiting => {
            let last = exit.map(|exit| format!(" (it had ended with {exit})")).unwrap_or_default();
            Ok(format!("stopped {name} before it was started again{last}"))
        }
        State::Ended(end) => Ok(format!("stopped {name} {}{}", describe(&ended, end), outside(end))),
        _ => Ok(format!("stopped {name}")),
    }
}

/// That a server could not be ended, and the way out.
pub fn could_not(verb: &str, name: &ServerName, paths: &ServerPaths, error: &StopError) -> Error {
    let hint = match error {
        StopError::Elsewhere(_) | StopError::Unproven | StopError::Unseen => {
            format!("its record is {}", paths.record)
        }
        StopError::Container { remedy, .. } => format!("{remedy} ends it; mcp-hook cleanup tries again"),
        StopError::Unkillable { refused, .. } => unended::hint(refused),
    };
    hinted(format!("could not {verb} {name}: {error}"), hint)
}

/// What the end took: `after 0.12 s (exit status 0)`.
fn describe(record: &ServerRecord, end: &End) -> String {
    let how = end.exit.map_or_else(|| end.reason.explain(&record.settings).into_owned(), |exit| exit.to_string());
    let killed = if end.killed { ", part of it had to be killed" } else { "" };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of an ending are few")]
    let seconds = end.took as f64 / 1000.0;
    format!("after {seconds:.2} s ({how}{killed})")
}

/// What had left its group, so that somebody notices that it is gone: `, and with it tmux: server (pid 123)`.
fn outside(end: &End) -> String {
    let named: Vec<String> = end.outside.iter().map(ToString::to_string).collect();
    if named.is_empty() { String::new() } else { format!(", and with it {}", named.join(", ")) }
}

fn running(paths: &SessionPaths) -> Vec<ServerName> {
    let is_running = |(name, record): &sweep::NamedRecord| match record {
        Ok(record) => !record.is_over(),
        Err(_) => lock::is_locked(&paths.server(name).lock),
    };
    sweep::servers(paths).into_iter().filter(is_running).map(|(name, _)| name).collect()
}
