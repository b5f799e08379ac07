//! Supervisors whose files were removed under them, found by what their processes carry.
//!
//! A runtime directory goes with the last login, or by somebody's hand. The servers stay supervised, and their
//! supervisors write their files again when they are asked to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::context;
use crate::disk::layout::Root;
use crate::server::environment::PID_FILE;
use crate::server::record::ServerRecord;
use crate::server::token::{Token, VARIABLE};
use crate::server::usage::Usage;
use crate::supervisor::control;
use crate::supervisor::stop_error::StopError;
use crate::supervisor::supervise;
use crate::sys::follow::Follower;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, mark, process};

/// Asks a supervisor to write its files again.
pub const REWRITE: Signal = Signal::SIGUSR2;

/// How long a supervisor may take to do so.
const PATIENCE: Duration = Duration::from_secs(1);

/// A supervisor without a record.
pub struct Unrecorded {
    /// What its server's processes carry.
    pub token: Token,
    supervisor: ProcessHandle,
}

/// The supervisors of this root whose records are not there. Without marks there is no proof, so none are found.
pub fn find(root: &Root) -> Vec<Unrecorded> {
    let is_mine = |pid: &Pid| process::user(*pid) == Some(context::user());
    let candidates = process::all().filter(|&pid| process::name(pid) == supervise::SHORT_TITLE);
    candidates.filter(is_mine).filter_map(|pid| prove(root, pid)).collect()
}

/// A supervisor is the process of this name above one that has our token in its environment, with the mark of that
/// token on both. A program of the server itself has the token in its own environment, too.
fn prove(root: &Root, pid: Pid) -> Option<Unrecorded> {
    let supervisor = ProcessHandle::open(pid)?;
    let mark = mark::read(pid)?;
    let mut below = Usage::below(pid).pids.into_iter().map(Pid::from_raw);
    let token = below.find_map(|pid| token_in(root, pid, mark))?;
    let is_program = process::variable(pid, VARIABLE).is_some_and(|text| text == token.to_string().as_bytes());
    let is_proven = !is_program && process::name(pid) == supervise::SHORT_TITLE && !supervisor.has_exited();
    let is_forgotten = || !root.session(token.session()).server(token.server()).record.is_there();
    (is_proven && is_forgotten()).then_some(Unrecorded { token, supervisor })
}

/// The token that a process carries, if it is of this root and the mark belongs to it.
fn token_in(root: &Root, pid: Pid, mark: u64) -> Option<Token> {
    let token: Token = String::from_utf8(process::variable(pid, VARIABLE)?).ok()?.parse().ok()?;
    let file = process::variable(pid, PID_FILE)?;
    let is_of_root =
        root.session(token.session()).server(token.server()).pid.path().as_os_str() == OsStr::from_bytes(&file);
    (is_of_root && token.mark() == mark && mark::read(pid) == Some(mark)).then_some(token)
}

impl Unrecorded {
    /// Has it write its files again and waits until it has; false if it has not within a moment.
    pub fn rewrite_record(&self, root: &Root) -> bool {
        let session = root.session(self.token.session());
        let paths = session.server(self.token.server());
        let is_back = || ServerRecord::read(&paths).is_ok_and(|record| record.is_some());
        if session.pids.ensure().is_err() {
            return false;
        }
        let Ok(changes) = Follower::new(session.pids.path()) else { return false };
        let deadline = context::now() + PATIENCE;
        for signal in [REWRITE, Signal::SIGCONT] {
            let _ = self.supervisor.signal(signal);
        }
        while !is_back() {
            let left = deadline.saturating_duration_since(context::now());
            if left.is_zero() || self.supervisor.has_exited() {
                return false;
            }
            changes.wait(left);
        }
        true
    }

    /// Ends the server after its record has been written again.
    pub fn end(&self, root: &Root) -> Result<(), StopError> {
        let paths = root.session(self.token.session()).server(self.token.server());
        let Ok(Some(record)) = ServerRecord::read(&paths) else { return Err(StopError::Unproven) };
        let request = control::ask_to_end_session(&paths, &record);
        control::await_end(&paths, &record, &request).map(drop)
    }
}
