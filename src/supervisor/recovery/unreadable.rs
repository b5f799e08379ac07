//! Servers whose records cannot be read: found by what their lock says, and by what their processes carry.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::unrecorded::REWRITE;
use crate::context;
use crate::disk::layout::ServerPaths;
use crate::disk::{file, lock};
use crate::server::environment::PID_FILE;
use crate::server::record::ServerRecord;
use crate::server::token::{KEEP_VARIABLE, Token, VARIABLE};
use crate::supervisor::name_lock::NameLock;
use crate::supervisor::stop_error::StopError;
use crate::supervisor::{keeper, supervise};
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, process};
use crate::terminate::orphans::{self, Trace};

/// How long a supervisor may take to write its record again.
const REWRITE_TAKES: Duration = Duration::from_secs(1);
/// How long it may take to end its server: nobody can read how long the grace time is.
const ENDING_TAKES: Duration = Duration::from_secs(35);
/// How long a keeper gets to sweep.
const SWEEP: Duration = Duration::from_secs(3);

/// Ends the server of this name, whose record cannot be read, and returns how many processes there were. What it left of
/// its record is removed, if there was one.
pub fn end(paths: &ServerPaths) -> Result<usize, StopError> {
    let token = token(paths);
    let watchers = token.as_ref().map_or(0, |token| end_watchers(&trace(token)));
    let Some(lock) = NameLock::take(paths).ok().flatten() else {
        return if lock::is_locked(&paths.lock) { Err(StopError::Unproven) } else { Ok(watchers) };
    };
    let count = watchers + end_locked(&lock, paths)?;
    if count > 0 && ServerRecord::read(paths).is_err() {
        let _ = paths.record.remove();
    }
    Ok(count)
}

/// Ends what is left of it for a caller who has its lock, and returns how many processes that were.
pub fn end_locked(_lock: &NameLock, paths: &ServerPaths) -> Result<usize, StopError> {
    let Some(token) = token(paths) else { return Ok(0) };
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
    let Some(token) = token(paths) else { return };
    let supervisors = titled(&trace(&token), supervise::SHORT_TITLE);
    signal(&supervisors, REWRITE);
    let deadline = context::now() + REWRITE_TAKES;
    while !supervisors.is_empty() && ServerRecord::read(paths).is_err() && context::now() < deadline {
        orphans::wait_for_all(&supervisors, Duration::from_millis(20));
    }
}

/// Asks its supervisor to end it, kills the watchers that do not, and returns how many there were.
fn end_watchers(trace: &Trace) -> usize {
    let [supervisors, keepers] = [supervise::SHORT_TITLE, keeper::SHORT_TITLE].map(|title| titled(trace, title));
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

/// The processes with the server's mark that have the name of one of our own, and are no programs of the server.
fn titled(trace: &Trace, title: &str) -> Vec<ProcessHandle> {
    let is_program = |process: &ProcessHandle| {
        process::variable(process.pid(), VARIABLE).is_some_and(|text| text == trace.variable.1.as_bytes())
    };
    let found = orphans::find(trace).into_iter();
    found.filter(|process| process::name(process.pid()) == title && !is_program(process)).collect()
}

/// What its processes carry: as its lock says, else as one of them does.
fn token(paths: &ServerPaths) -> Option<Token> {
    locked(paths).or_else(|| carried_tokens().find(|carried| carried.is_of(paths)).map(|carried| carried.token))
}

/// The token in its lock.
fn locked(paths: &ServerPaths) -> Option<Token> {
    file::read(&paths.lock).ok().flatten().and_then(parse).filter(|token| is_its(paths, token))
}

/// What a process of a server carries.
pub struct CarriedToken {
    token: Token,
    /// Its server's pid file. A shell that was opened in two roots has the same session in both.
    pid_file: Vec<u8>,
}

impl CarriedToken {
    fn is_of(&self, paths: &ServerPaths) -> bool {
        is_its(paths, &self.token) && paths.pid.path() == Path::new(OsStr::from_bytes(&self.pid_file))
    }
}

/// What processes of this user carry.
pub fn carried_tokens() -> impl Iterator<Item = CarriedToken> {
    let is_mine = |pid: &Pid| process::user(*pid) == Some(context::user());
    process::all().filter(is_mine).filter_map(|pid| {
        let token = parse(process::variable(pid, VARIABLE)?)?;
        Some(CarriedToken { token, pid_file: process::variable(pid, PID_FILE)? })
    })
}

/// Whether anything tells what there may be of it: its lock, or one of those that are `carried`. Of a file that only
/// has the name of a record nothing does.
pub fn is_traced(paths: &ServerPaths, carried: &[CarriedToken]) -> bool {
    lock::is_locked(&paths.lock) || locked(paths).is_some() || carried.iter().any(|carried| carried.is_of(paths))
}

fn is_its(paths: &ServerPaths, token: &Token) -> bool {
    paths.record.path().ends_with(format!("{}/{}.json", token.session(), token.server()))
}

fn parse(text: Vec<u8>) -> Option<Token> {
    String::from_utf8(text).ok()?.trim_end().parse().ok()
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
