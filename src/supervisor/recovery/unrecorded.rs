//! Supervisors whose files were removed under them, found by what their processes carry.
//!
//! A runtime directory is removed with the last login, or by hand. The servers stay supervised, and their
//! supervisors write their files again when they are asked to.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::tokens::{self, CarriedToken};
use crate::context;
use crate::disk::layout::{Root, ServerPaths};
use crate::server::record::ServerRecord;
use crate::server::token::Token;
use crate::server::usage::Usage;
use crate::supervisor::control;
use crate::supervisor::events::REWRITE;
use crate::supervisor::stop_error::StopError;
use crate::supervisor::titles;
use crate::sys::follow::Follower;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, mark, process};

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
    let candidates = tokens::own_processes().filter(|&pid| process::name(pid) == titles::SUPERVISOR);
    candidates.filter_map(|pid| prove(root, pid)).collect()
}

/// A supervisor is the process of this name above one that has our token in its environment, with the mark of that
/// token on both. A program of the server itself has the token in its own environment, too.
fn prove(root: &Root, pid: Pid) -> Option<Unrecorded> {
    let supervisor = ProcessHandle::open(pid)?;
    let mark = mark::read(pid)?;
    let mut below = Usage::below(pid).pids.into_iter().map(Pid::from_raw);
    let token = below.find_map(|pid| marked_token(root, pid, mark))?;
    let is_supervisor = process::name(pid) == titles::SUPERVISOR && !tokens::is_program(pid, &token);
    if !is_supervisor || supervisor.has_exited() || paths(root, &token).record.is_there() {
        return None;
    }
    Some(Unrecorded { token, supervisor })
}

/// The token that a process carries, if it is of this root and the mark belongs to it.
fn marked_token(root: &Root, pid: Pid, mark: u64) -> Option<Token> {
    let carried = CarriedToken::of(pid)?;
    let is_marked = carried.token.mark() == mark && mark::read(pid) == Some(mark);
    (is_marked && carried.is_of(&paths(root, &carried.token))).then_some(carried.token)
}

fn paths(root: &Root, token: &Token) -> ServerPaths {
    root.session(token.session()).server(token.server())
}

impl Unrecorded {
    /// Has it write its files again and waits until it has; false if it has not within a moment.
    pub fn rewrite_record(&self, root: &Root) -> bool {
        let paths = paths(root, &self.token);
        if paths.pids().ensure().is_err() {
            return false;
        }
        let Ok(changes) = Follower::new(paths.pids().path()) else { return false };
        let deadline = context::now() + PATIENCE;
        for signal in [REWRITE, Signal::SIGCONT] {
            let _ = self.supervisor.signal(signal);
        }
        while !ServerRecord::read(&paths).is_ok_and(|record| record.is_some()) {
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
        let paths = paths(root, &self.token);
        let Ok(Some(record)) = ServerRecord::read(&paths) else { return Err(StopError::Unproven) };
        let request = control::ask_to_end_session(&paths, &record);
        control::await_end(&paths, &record, &request).map(drop)
    }
}
