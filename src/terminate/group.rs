//! The process group of a server, whose leader is our unreaped child, so that its number is nobody else's.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};

use super::descendants;
use super::survivors::Survivors;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, children, process};

/// Signals the group in one step, unless a member is kept. The leader itself never is.
pub fn signal(leader: Pid, signals: &[Signal], is_kept: &impl Fn(Pid) -> bool) {
    let is_spared = |pid: Pid| pid != leader && has(Some(leader), pid) && is_kept(pid);
    let mut one_by_one = descendants::any(Pid::this(), &is_spared);
    if !one_by_one {
        // macOS: one member that may not be signalled keeps the call from reaching the others.
        let results: Vec<_> = signals.iter().map(|&signal| killpg(leader, signal)).collect();
        one_by_one = results.contains(&Err(Errno::EPERM));
    }
    if one_by_one {
        descendants::visit(Pid::this(), &mut |process: &ProcessHandle| {
            if has(Some(leader), process.pid()) && !is_spared(process.pid()) {
                for &signal in signals {
                    let _ = process.signal(signal);
                }
            }
        });
    }
}

/// Whether a process is in the group of `leader`.
pub fn has(leader: Option<Pid>, pid: Pid) -> bool {
    leader.is_some() && process::read(pid).map(|it| it.group) == leader
}

/// Whether a child of ours in the group lives that is to end.
pub fn has_living_member(leader: Pid, is_kept: &impl Fn(Pid) -> bool) -> bool {
    children::ours().into_iter().any(|pid| {
        let is_living = process::read(pid).is_some_and(|it| it.group == leader && !it.zombie);
        is_living && !is_kept(pid)
    })
}

/// Whether a hang-up of the terminal in whose foreground the group is may end some of what may not be signalled, and
/// nothing that is kept. A member that lives keeps the group's number, even if the leader has been collected.
pub fn may_be_hung_up_on(leader: Pid, survivors: &Survivors, is_kept: &impl Fn(Pid) -> bool) -> bool {
    survivors.refused.iter().any(|&pid| has(Some(leader), pid))
        && !descendants::any(Pid::this(), &|pid| has(Some(leader), pid) && is_kept(pid))
}
