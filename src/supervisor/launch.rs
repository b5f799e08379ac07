//! Splitting off the chain keeper → supervisor → server.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use nix::unistd::setsid;

use super::announcement::{self, Announcement, Announcer};
use super::client::ClientStreams;
use super::desk::Channels;
use super::keeper::Keeper;
use super::lifeline;
use super::plan::Plan;
use super::supervisor::Supervisor;
use super::titles;
use crate::sys::fork::{self, Side};
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, children, exit, fd, mark, orphans, title};
use crate::{context, failpoint};

/// Starts a server in the background. Returns at once; the server's state is in its record.
///
/// # Errors
/// When the first record cannot be written, or the system has no process or pipe left.
pub fn start(plan: Box<Plan>) -> io::Result<Announcement> {
    plan.sign();
    plan.record.write(&plan.paths)?;
    failpoint::kill("after-first-record");
    let (announcement, announcer) = announcement::new().inspect_err(|error| plan.fail(error))?;
    match fork::split().inspect_err(|error| plan.fail(error))? {
        Side::Parent(_) => {
            failpoint::kill("start-split");
            fork::unblock_signals()?;
            Ok(announcement)
        }
        Side::Child => {
            failpoint::kill("keeper-born");
            drop(announcement);
            // Before the supervisor is split off: it may wait long, and nobody is to wait for our streams.
            fd::silence_standard();
            exit::now(guarded(|| keep(plan, Some(announcer), None)));
        }
    }
}

/// Runs a server for the client that started this process, which becomes the keeper. Returns what a shell would report
/// of the server.
///
/// # Errors
/// When the system has no process or pipe left. A server without a record is supervised all the same.
pub fn run(plan: Box<Plan>) -> io::Result<i32> {
    plan.sign();
    let _ = plan.record.write(&plan.paths);
    let duplicate = |stream: BorrowedFd<'_>| fd::duplicate(stream).inspect_err(|error| plan.fail(error));
    let input = duplicate(io::stdin().as_fd())?;
    let output = duplicate(io::stdout().as_fd())?;
    let error = duplicate(io::stderr().as_fd())?;
    keep(plan, None, Some(ClientStreams { input, output, error }))
}

/// Becomes the keeper: splits off the supervisor and keeps watch over it.
fn keep(mut plan: Box<Plan>, announcer: Option<Announcer>, client: Option<ClientStreams>) -> io::Result<i32> {
    // A limit that was lowered further before leaves the tree without a mark, not without supervision.
    let _ = mark::set(plan.record.token.mark());
    let is_adopting = orphans::adopt().is_ok();
    // One that was split off just now has no children.
    let strangers = if client.is_some() { children::ours() } else { Vec::new() };
    let me = ProcessHandle::open(Pid::this()).map(|handle| handle.identity());
    let (keeper_end, supervisor_end) = lifeline::new().inspect_err(|error| plan.fail(error))?;
    failpoint::kill("before-supervisor");
    match fork::split().inspect_err(|error| plan.fail(error))? {
        Side::Parent(supervisor) => {
            // The server waits for the supervisor, and nobody for us.
            std::thread::yield_now();
            if client.is_none() {
                let _ = setsid();
                plan.watched.renew();
            }
            let is_fed = client.as_ref().is_some_and(|client| fd::has_other_end(&client.input));
            drop((supervisor_end, announcer, client, plan.lease.take()));
            // The client's streams are the server's alone from now on, so that end of file and EPIPE pass through.
            fd::silence_standard();
            settle_down(&plan);
            let handle = ProcessHandle::open(supervisor);
            let lifeline = keeper_end;
            Ok(Keeper { supervisor, handle, lifeline, plan, is_adopting, is_fed, strangers }.keep())
        }
        Side::Child => {
            failpoint::kill("supervisor-born");
            drop(keeper_end);
            plan.watched.renew();
            leave_directory();
            let channels = Channels { keeper: me, lifeline: supervisor_end, announcer, client };
            exit::now(guarded(|| Supervisor::new(plan, channels).map(Supervisor::run)));
        }
    }
}

/// Settles down to wait: small, named, and in nobody's way.
fn settle_down(plan: &Plan) {
    leave_directory();
    failpoint::kill("keeper");
    title::set_short(titles::KEEPER);
    title::set(&format!("mcp-hook: keeper {} {}", plan.record.token.session(), plan.record.name));
    fork::trim_memory();
}

/// A panic must look like a death to the other of the two, not like an orderly end. One who could not even begin has written
/// down why, and has nothing to leave behind.
fn guarded(role: impl FnOnce() -> io::Result<i32>) -> i32 {
    match catch_unwind(AssertUnwindSafe(role)) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => COULD_NOT_BEGIN,
        Err(_) => std::process::abort(),
    }
}

/// What a shell reports of a command that could not even be tried.
const COULD_NOT_BEGIN: i32 = 125;

/// Keeps no file system busy for as long as the server lives.
fn leave_directory() {
    let _ = context::change_directory(Path::new("/"));
}
