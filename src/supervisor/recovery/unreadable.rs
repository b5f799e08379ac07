//! Servers whose records cannot be read: found by what their lock says, and by what their processes carry.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::tokens;
use crate::context;
use crate::disk::layout::ServerPaths;
use crate::disk::lock;
use crate::server::record::ServerRecord;
use crate::server::token::{KEEP_VARIABLE, Token, VARIABLE};
use crate::supervisor::events::REWRITE;
use crate::supervisor::name_lock::NameLock;
use crate::supervisor::stop_error::StopError;
use crate::supervisor::titles;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, process};
use crate::terminate::orphans::{self, Trace};

/// How long a supervisor may take to write its record again.
const REWRITE_TAKES: Duration = Duration::from_secs(1);
/// How long it may take to end its server, whose grace time cannot be read.
const ENDING_TAKES: Duration = Duration::from_secs(35);
/// How long a keeper gets to sweep.
const SWEEP: Duration = Duration::from_secs(3);

/// Ends the server of this name, whose record cannot be read, and returns how many processes there were. What it left of
/// its record is removed, if there was one.
pub fn end(paths: &ServerPaths) -> Result<usize, StopError> {
    let token = tokens::find(paths);
    let watchers = token.as_ref().map_or(0, end_watchers);
    let Some(lock) = NameLock::take(paths).ok().flatten() else {
        return if lock::is_locked(&paths.lock) { Err(StopError::Unproven) } else { Ok(watchers) };
    };
    let count = watchers + end_locked(&lock, paths)?;
    if count > 0 && ServerRecord::read(paths).is_err() {
        let _ = paths.record.remove();
    }
    Ok(count)
}

/// The same for a caller who has its lock. Returns how many processes there were.
pub fn end_locked(_lock: &NameLock, paths: &ServerPaths) -> Result<usize, StopError> {
    let Some(token) = tokens::find(paths) else { return Ok(0) };
    if !process::are_visible() {
        return Err(StopError::Unseen);
    }
    let (count, survivors) = orphans::end(&trace(&token));
    if survivors.pids.is_empty() {
        return Ok(count);
    }
    let numbers = |pids: Vec<Pid>| pids.into_iter().map(Pid::as_raw).collect();
    Err(StopError::Unkillable { pids: numbers(survivors.pids), refused: numbers(survivors.refused) })
}

/// Has its supervisor, if there is one, write its record again.
pub fn rewrite_record(paths: &ServerPaths) {
    let Some(token) = tokens::find(paths) else { return };
    let supervisors = titled(&token, &trace(&token), titles::SUPERVISOR);
    signal(&supervisors, REWRITE);
    let deadline = context::now() + REWRITE_TAKES;
    while !supervisors.is_empty() && ServerRecord::read(paths).is_err() && context::now() < deadline {
        orphans::wait_for_all(&supervisors, Duration::from_millis(20));
    }
}

/// Asks its supervisor to end it, kills the watchers that do not, and returns how many there were.
fn end_watchers(token: &Token) -> usize {
    let trace = trace(token);
    let [supervisors, keepers] = [titles::SUPERVISOR, titles::KEEPER].map(|title| titled(token, &trace, title));
    signal(&supervisors, Signal::SIGTERM);
    signal(&keepers, Signal::SIGCONT);
    let mut patience = if supervisors.is_empty() { SWEEP } else { ENDING_TAKES };
    for watchers in [&supervisors, &keepers] {
        if orphans::wait_for_all(&supervisors, patience) && orphans::wait_for_all(&keepers, SWEEP) {
            break;
        }
        signal(watchers, Signal::SIGKILL);
        patience = SWEEP;
    }
    orphans::wait_for_all(&keepers, SWEEP);
    supervisors.len() + keepers.len()
}

fn signal(processes: &[ProcessHandle], signal: Signal) {
    for process in processes {
        let _ = process.signal(signal);
        let _ = process.signal(Signal::SIGCONT);
    }
}

/// The processes with the server's mark and this title that are no programs of the server.
fn titled(token: &Token, trace: &Trace, title: &str) -> Vec<ProcessHandle> {
    let mut found = orphans::find(trace);
    found.retain(|it| process::name(it.pid()) == title && !tokens::is_program(it.pid(), token));
    found
}

fn trace(token: &Token) -> Trace {
    Trace {
        variable: (VARIABLE, token.to_string()),
        mark: token.mark(),
        keep: KEEP_VARIABLE,
        spared: Vec::new(),
        session: None,
    }
}
