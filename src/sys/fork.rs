//! Splitting off a process of our own that goes on in this program.

use std::io;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::{ForkResult, Pid, fork};

use super::{exit, fd, signals};

/// What [`split`] returned: which of the two we are.
pub enum Side {
    /// The process that was there before; `Pid` is the new one.
    Parent(Pid),
    Child,
}

/// Forks. Both sides have all signals blocked until they say what they want to hear
/// ([`crate::sys::signals::Inbox`], [`unblock_signals`]), so none is lost and none kills in between.
/// # Panics
/// When the process has more than one thread: the child would have copies of locks that nobody releases.
pub fn split() -> io::Result<Side> {
    debug_assert!(is_single_threaded(), "only a process with one thread may fork and go on");
    crate::failpoint::fail_io("fork")?;
    SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // SAFETY: there is one thread, so the child may use the allocator and every lock as the parent could.
    match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => Ok(Side::Parent(child)),
        Ok(ForkResult::Child) => Ok(Side::Child),
        Err(error) => {
            unblock_signals()?;
            Err(error.into())
        }
    }
}

/// Does `work` in a process of its own, in the background: in a session of its own, without a terminal, deaf to
/// hang-ups, with none of our streams. Returns once that process is off.
pub fn in_background(work: impl FnOnce()) -> io::Result<()> {
    let (mut off, ready) = fd::pipe()?;
    match split()? {
        Side::Parent(_) => {
            unblock_signals()?;
            drop(ready);
            // The end of the file says that the other side has left our terminal, or has ended.
            let _ = io::Read::read(&mut off, &mut [0]);
            Ok(())
        }
        Side::Child => {
            drop(off);
            let _ = nix::unistd::setsid();
            let _ = signals::ignore(Signal::SIGHUP);
            fd::silence_standard();
            let _ = unblock_signals();
            drop(ready);
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            exit::now(0)
        }
    }
}

/// Lets all signals through again.
pub fn unblock_signals() -> nix::Result<()> {
    SigSet::empty().thread_set_mask()
}

/// Gives back memory that the allocator keeps for later: a process that waits for days has no use for it.
pub fn trim_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim may be called at any time.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}

fn is_single_threaded() -> bool {
    // Test runners have threads of their own; elsewhere the list is short.
    std::fs::read_dir("/proc/self/task").map_or(true, |tasks| tasks.count() == 1)
}
