//! Splitting off the chain keeper → supervisor → server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::keeper::{self, Keeper};
use super::lifeline;
use super::plan::Plan;
use super::stall::Stall;
use super::streams::ClientError;
use super::supervise::{Channels, Supervisor};
use super::watchers::WatcherHandles;
use crate::disk::layout::ServerPaths;
use crate::server::record::ServerRecord;
use crate::sys::fork::{self, Side};
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::signals::Interrupts;
use crate::sys::{Pid, children, fd, mark, orphans, title};
use crate::{context, failpoint};

/// What `start` waits for.
pub struct Announcement(File);

/// What ends an announcement: the server is ready.
const READY: &str = "ready";

/// The supervisor's end of it.
pub struct Announcer(File);

impl Announcer {
    /// Says what the start waits for.
    pub fn tell(&mut self, text: &str) {
        let _ = self.0.write_all(format!("{text}\n").as_bytes());
    }

    /// Says that the server is ready.
    pub fn say_ready(mut self) {
        self.tell(READY);
    }
}

/// How the wait for a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is ready.
    Ready,
    /// It is not going to be.
    NotReady,
    /// Somebody does not want to wait any longer.
    Interrupted(Signal),
    /// Somebody keeps its supervisor from running.
    Stalled(Pid),
}

#[derive(PartialEq)]
enum Source {
    Said,
    Interrupt,
}

impl Announcement {
    /// Waits until the server is ready or is not going to be. Meanwhile `tell` gets what it waits for.
    pub fn wait(self, paths: &ServerPaths, tell: impl Fn(&str)) -> Waited {
        let mut interrupts = Interrupts::listen().ok();
        let mut stall = Stall::default();
        let mut said_lines = BufReader::new(self.0);
        loop {
            let mut poller = Poller::new(Some(LOOK_EVERY));
            poller.readable(Source::Said, said_lines.get_ref().as_fd());
            if let Some(interrupts) = &interrupts {
                poller.readable(Source::Interrupt, interrupts.as_poll_fd());
            }
            if poller.wait().contains(&Source::Said)
                && let Some(waited) = heard(&mut said_lines, &tell)
            {
                return waited;
            }
            if let Some(signal) = interrupts.as_mut().and_then(Interrupts::pending) {
                return Waited::Interrupted(signal);
            }
            let record = ServerRecord::read(paths).ok().flatten();
            if let Some(pid) = record.and_then(|record| stall.look(&WatcherHandles::of(&record))) {
                return Waited::Stalled(pid);
            }
        }
    }
}

/// Reads what the supervisor has said, in whole lines; whether that ends the wait.
fn heard(lines: &mut BufReader<File>, tell: impl Fn(&str)) -> Option<Waited> {
    loop {
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(length) if length > 0 && line.trim_end() == READY => return Some(Waited::Ready),
            Ok(length) if length > 0 => tell(line.trim_end()),
            _ => return Some(Waited::NotReady),
        }
        if lines.buffer().is_empty() {
            return None;
        }
    }
}

/// How often one looks whether the supervisor still runs.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Starts a server in the background. Returns at once; the server's state is in its record.
///
/// # Errors
/// When the first record cannot be written, or the system has no process or pipe left.
pub fn start(mut plan: Plan) -> io::Result<Announcement> {
    plan.sign();
    plan.record.write(&plan.paths)?;
    failpoint::kill("after-first-record");
    let (announcement, ready) = fd::pipe().inspect_err(|error| plan.fail(error))?;
    match fork::split().inspect_err(|error| plan.fail(error))? {
        Side::Parent(_) => {
            failpoint::kill("start-split");
            fork::unblock_signals()?;
            Ok(Announcement(announcement))
        }
        Side::Child => {
            failpoint::kill("keeper-born");
            drop(announcement);
            let _ = setsid();
            plan.watched.renew();
            fd::silence_standard();
            fork::leave(guarded(|| keep(plan, Some(Announcer(ready)), None)));
        }
    }
}

/// Runs a server for the client that started this process, which becomes the keeper. Returns what a shell would report
/// of the server.
///
/// # Errors
/// When the system has no process or pipe left. A server without a record is supervised all the same.
pub fn run(plan: Plan) -> io::Result<i32> {
    plan.sign();
    let _ = plan.record.write(&plan.paths);
    let duplicate = |stream: BorrowedFd<'_>| fd::duplicate(stream).inspect_err(|error| plan.fail(error));
    let input = duplicate(io::stdin().as_fd())?;
    let error = ClientError::new(duplicate(io::stderr().as_fd())?);
    keep(plan, None, Some((input, error)))
}

/// Becomes the keeper: splits off the supervisor and keeps watch over it.
fn keep(mut plan: Plan, ready: Option<Announcer>, client: Option<(OwnedFd, ClientError)>) -> io::Result<i32> {
    // A limit that was lowered further before leaves the tree without a mark, not without supervision.
    let _ = mark::set(plan.record.token.mark());
    let is_adopting = orphans::adopt().is_ok();
    let strangers = children::of(Pid::this());
    let me = ProcessHandle::open(Pid::this()).map(|handle| handle.identity());
    let (keeper_end, supervisor_end) = lifeline::new().inspect_err(|error| plan.fail(error))?;
    failpoint::kill("before-supervisor");
    match fork::split().inspect_err(|error| plan.fail(error))? {
        Side::Parent(supervisor) => {
            let is_fed = client.as_ref().is_some_and(|(input, _)| fd::has_other_end(input));
            drop((supervisor_end, ready, client, plan.lease.take()));
            // The client's streams are the server's alone from now on, so that end of file and EPIPE pass through.
            fd::silence_standard();
            leave_directory();
            failpoint::kill("keeper");
            title::set_short(keeper::SHORT_TITLE);
            title::set(&format!("mcp-hook: keeper {} {}", plan.record.token.session(), plan.record.name));
            fork::trim_memory();
            let _lock = plan.lock;
            let (paths, record, watched, ignored) = (plan.paths, plan.record, plan.watched, plan.ignored);
            let (lifeline, container) = (keeper_end, plan.container);
            let handle = ProcessHandle::open(supervisor);
            let keeper = Keeper {
                supervisor,
                handle,
                lifeline,
                paths,
                record,
                container,
                watched,
                ignored,
                is_adopting,
                is_fed,
                strangers,
            };
            Ok(keeper.keep())
        }
        Side::Child => {
            failpoint::kill("supervisor-born");
            drop(keeper_end);
            plan.watched.renew();
            leave_directory();
            let channels = Channels { keeper: me, lifeline: supervisor_end, ready, client };
            fork::leave(guarded(|| Supervisor::new(plan, channels).map(Supervisor::run)));
        }
    }
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
