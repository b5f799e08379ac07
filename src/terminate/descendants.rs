//! The descendants of this process that are not, or not yet, its own children.

use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, children, process};

/// Calls `visit` for every living descendant of `parent`, which must be this process or an unreaped child of it, deepest
/// first: a process whose children are still to come must not lose them to another parent meanwhile.
///
/// Each is proven to be what it is taken for: its handle was opened before its parent was read, and that parent is held
/// the same way, up to a child of ours, whose number nobody else can have.
pub fn visit(parent: Pid, visit: &mut impl FnMut(&ProcessHandle)) {
    for pid in children_of(parent) {
        let Some(handle) = ProcessHandle::open(pid) else { continue };
        if process::read(pid).is_some_and(|it| it.parent == parent) {
            self::visit(pid, visit);
            if !handle.has_exited() {
                visit(&handle);
            }
        }
    }
}

/// Whether a descendant of `parent` is like this. Nothing is held meanwhile: an answer, not a proof.
pub fn any(parent: Pid, is_like: &impl Fn(Pid) -> bool) -> bool {
    children_of(parent).into_iter().any(|pid| is_like(pid) || any(pid, is_like))
}

fn children_of(parent: Pid) -> Vec<Pid> {
    if parent == Pid::this() { children::ours() } else { children::of(parent) }
}
