//! A second thread, for what may have to wait for a disk or for another machine.

use std::io;
use std::thread::Builder;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow};

/// Enough to format a line and to call the system, in bytes. Only what is used of it takes memory.
const STACK: usize = 128 << 10;

/// Does `work` in a thread that receives no signals: they stay with the thread that waits for them. The process must
/// not be [split](super::fork::split) any more; programs may be started.
pub fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    spawn_with_stack(STACK, work)
}

/// The same with a stack of this size, in bytes.
pub fn spawn_with_stack(stack: usize, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    use_one_arena();
    let ours = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let thread = Builder::new().stack_size(stack).spawn(work);
    ours.thread_set_mask()?;
    thread.map(drop)
}

/// A second heap for a thread that hardly allocates would cost more than the thread.
fn use_one_arena() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt may be called at any time.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
