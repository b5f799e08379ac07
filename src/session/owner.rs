//! The process that a session lives as long as: which one that is, and where it stands in the tree of processes.

use anyhow::{Context, Result, bail};

use crate::context;
use crate::disk::names::SessionId;
use crate::sys::Pid;
use crate::sys::handle::ProcessHandle;
use crate::sys::process::{self, Process};

/// Who the session of a server lives as long as that was started by a client outside of every session: the client, or
/// this process, where the client cannot be seen. In a container it may be outside, and its number 0.
pub fn client() -> Pid {
    let parent = nix::unistd::getppid();
    let is_seen = parent.as_raw() > 0 && ProcessHandle::open(parent).is_some();
    if is_seen { parent } else { Pid::this() }
}

/// The shell that `process` was started by: its nearest ancestor that has executed a program of its own. A subshell,
/// as in `eval "$(mcp-hook open)"`, is only a copy of it.
pub fn shell_above(process: &Process) -> Option<Process> {
    let mut shell = process::read(process.parent)?;
    while let Some(parent) = process::read(shell.parent) {
        if !process::is_plain_fork(&shell, &parent) {
            break;
        }
        shell = parent;
    }
    Some(shell)
}

/// Whether `ancestor` is above `process`, or is it.
pub fn is_ancestor(ancestor: Pid, process: Pid) -> bool {
    // Nobody has to be looked at to know oneself.
    process == ancestor || ancestors(process).any(|pid| pid == ancestor)
}

/// `process` and everything above it, nearest first.
pub fn ancestors(process: Pid) -> impl Iterator<Item = Pid> {
    let above = |&pid: &Pid| process::read(pid).map(|it| it.parent).filter(|parent| parent.as_raw() > 0);
    // No chain is this long; a number that is used again while we climb must not lead into a circle.
    std::iter::successors(Some(process), above).take(1000)
}

/// A hold on a process that has to be there.
pub fn hold(owner: Pid) -> Result<ProcessHandle> {
    if let Some(handle) = ProcessHandle::open(owner) {
        return Ok(handle);
    }
    look(owner)?;
    bail!("could not look at the process {owner}: there may be too many open files")
}

/// A process that has to be there.
pub fn look(pid: Pid) -> Result<Process> {
    let process = process::look(pid).with_context(|| format!("could not look at the process {pid}"))?;
    process.with_context(|| format!("could not find the process {pid}"))
}

/// Whether the owner that an id names may be alive: there is a process of that number, and it is mine, or nobody can tell.
pub fn may_live(id: &SessionId) -> bool {
    let Some(pid) = id.owner() else { return false };
    process::user(Pid::from_raw(pid)) == Some(context::user()) || !process::are_visible()
}
