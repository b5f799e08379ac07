//! Another user who listens on a server's port: the kernel asks no user before it lets several have one.

use crate::port::owner::PortOwner;
use crate::sys::listeners::{self, Listener};
use crate::sys::{Pid, process};

/// Who of another user listens on `port` and is none of `tree`, in words.
pub fn on(port: u16, tree: &[i32]) -> Option<String> {
    let listeners = listeners::on(port).ok()?;
    let intruder = listeners.iter().find(|listener| !listener.is_ours() && !is_in(tree, listener))?;
    let address = intruder.address.to_canonical();
    Some(format!("{} listens on its port, too, at {address}", PortOwner::of(intruder)))
}

fn is_in(tree: &[i32], listener: &Listener) -> bool {
    let mut pids = tree.iter().copied().map(Pid::from_raw);
    pids.any(|pid| listener.is_of(pid).unwrap_or_else(|_| process::users(pid).contains(&listener.user)))
}
