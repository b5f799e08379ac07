//! Finding the processes of a server whose supervisor and keeper are both gone, and ending them.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::budget;
use super::survivors::Survivors;
use crate::context;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::{Identity, Pid, mark, process};

/// What the processes of one server can be recognised by.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The variable in their environment, and its value.
    pub variable: (&'static str, String),
    pub mark: u64,
    /// The variable that, set to 1, asks to be spared.
    pub keep: &'static str,
    /// Processes that carry the mark but are not to be ended: watchers of ours.
    pub spared: Vec<Identity>,
    /// A session (`setsid(2)`) that only this server's processes are in.
    pub session: Option<Pid>,
}

impl Trace {
    /// Takes whatever is in this session for traced too, for where orphans cannot be adopted. The session's leader is to
    /// be the caller or an uncollected child of the caller: only then can its number not have been used again.
    pub fn in_session(mut self, session: Pid) -> Self {
        self.session = Some(session);
        self
    }
}

/// The living processes that carry the trace.
pub fn find(trace: &Trace) -> Vec<ProcessHandle> {
    each(trace).collect()
}

/// The same one after the other, so that something can be done to each before it has changed.
fn each(trace: &Trace) -> impl Iterator<Item = ProcessHandle> {
    let me = Pid::this();
    let mine = context::user();
    process::all()
        .filter(move |&pid| pid != me && process::user(pid) == Some(mine) && is_traced(pid, trace))
        .filter_map(move |pid| {
            // The handle first, then the proof: what the proof is of is what the handle holds.
            let handle = ProcessHandle::open(pid)?;
            let is_spared = trace.spared.iter().any(|spared| spared.is_same(&handle.identity()));
            (!handle.has_exited() && is_traced(pid, trace) && !is_spared).then_some(handle)
        })
        .filter(move |handle| process::variable(handle.pid(), trace.keep).as_deref() != Some(b"1"))
}

fn is_traced(pid: Pid, trace: &Trace) -> bool {
    let (name, value) = &trace.variable;
    mark::read(pid) == Some(trace.mark)
        || is_in_session(pid, trace.session)
        || process::variable(pid, name).as_deref() == Some(value.as_bytes())
}

fn is_in_session(pid: Pid, session: Option<Pid>) -> bool {
    session.is_some_and(|session| process::read(pid).is_some_and(|it| it.session == session))
}

/// Ends everything that carries the trace and waits until it is gone. Returns how many processes there were, and
/// those that could not be killed.
pub fn end(trace: &Trace) -> (usize, Survivors) {
    let found = find(trace);
    for process in &found {
        let _ = process.signal(Signal::SIGTERM);
        let _ = process.signal(Signal::SIGCONT);
    }
    wait_for_all(&found, budget::ORPHANS);
    let mut count = found.len();
    let deadline = context::now() + budget::ORPHANS_SIGKILL;
    loop {
        // Again and again: what lives may have started others meanwhile.
        let (living, refused) = kill(trace);
        if living.is_empty() {
            let refused = out_of_reach(trace);
            return (count, Survivors { pids: refused.clone(), refused });
        }
        if context::now() > deadline {
            return (count, Survivors { pids: living.iter().map(ProcessHandle::pid).collect(), refused });
        }
        count = count.max(living.len());
        wait_for_all(&living, budget::ORPHANS_ROUND);
    }
}

/// Sends SIGKILL to everything that carries the trace. Returns what there was, and those of it that we may not signal.
fn kill(trace: &Trace) -> (Vec<ProcessHandle>, Vec<Pid>) {
    let (mut living, mut refused) = (Vec::new(), Vec::new());
    for process in each(trace) {
        let killed = process.signal(Signal::SIGKILL);
        if killed.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
            refused.push(process.pid());
        }
        living.push(process);
    }
    (living, refused)
}

/// What carries the mark and has become root's since: it is of the tree, but nothing of ours may signal it.
fn out_of_reach(trace: &Trace) -> Vec<Pid> {
    if context::user() == 0 {
        return Vec::new();
    }
    process::all().filter(|&pid| process::user(pid) == Some(0) && mark::read(pid) == Some(trace.mark)).collect()
}

/// Waits until all of them have ended, at most for `limit`; true if they have.
pub fn wait_for_all(processes: &[ProcessHandle], limit: Duration) -> bool {
    let deadline = context::now() + limit;
    processes.iter().all(|process| wait_for(process, deadline))
}

fn wait_for(process: &ProcessHandle, deadline: Instant) -> bool {
    while !process.has_exited() {
        let left = deadline.saturating_duration_since(context::now());
        if left.is_zero() {
            return false;
        }
        let mut poller = Poller::new(Some(left));
        poller.process((), process);
        if process.as_poll_fd().is_none() {
            poller.within(budget::LOOK_EVERY);
        }
        poller.wait();
    }
    true
}
