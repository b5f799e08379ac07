//! Signals as something to poll for, by way of the `signal-hook` crate's self-pipe.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, kill, sigaction};
use nix::unistd::Pid;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// The signals that reach this process. All others that can be blocked are blocked.
pub struct Inbox {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    /// Who sent those signals whose senders are noted, as bits.
    senders: Arc<AtomicU64>,
}

impl Inbox {
    /// Listens for `wanted` from now on and blocks the rest, SIGSEGV and the like too: for a fault of the program the kernel
    /// kills all the same (`signal(7)`), and one that somebody sends is no fault.
    pub fn new(wanted: &[Signal]) -> io::Result<Self> {
        Self::noting(wanted, &[])
    }

    /// The same, and remembers who sends those that are `noted`; also of one that has been waiting for us.
    pub fn noting(wanted: &[Signal], noted: &[Signal]) -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        let numbers: Vec<i32> = wanted.iter().map(|&signal| signal as i32).collect();
        let delivery = SignalDelivery::with_pipe(reader, writer, SignalOnly, numbers)?;
        let inbox = Self { delivery, senders: Arc::default() };
        let _ = inbox.note_senders(noted);
        // Built from all (real-time signals too), not from the named ones.
        let mut blocked = SigSet::all();
        for &signal in wanted {
            blocked.remove(signal);
        }
        blocked.thread_set_mask()?;
        Ok(inbox)
    }

    /// Readable when a signal has arrived.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }

    /// The signals that have arrived since the last call, each once.
    pub fn drain(&mut self) -> Vec<Signal> {
        self.delivery.pending().filter_map(|number| Signal::try_from(number).ok()).collect()
    }

    fn note_senders(&self, signals: &[Signal]) -> io::Result<()> {
        for &signal in signals {
            let senders = Arc::clone(&self.senders);
            let note = move |info: &libc::siginfo_t| {
                let sender = if is_from_kernel(info) { kernel(signal) } else { process(signal) };
                senders.fetch_or(sender, Ordering::Relaxed);
            };
            // SAFETY: an atomic operation is all that the handler does.
            unsafe { signal_hook_registry::register_sigaction(signal as i32, note) }?;
        }
        Ok(())
    }

    /// Whether the kernel alone has sent this signal since this was last asked, as it does for a key that was typed on a
    /// terminal. False if its sender is not known.
    pub fn was_sent_by_kernel(&self, signal: Signal) -> bool {
        let both = kernel(signal) | process(signal);
        self.senders.fetch_and(!both, Ordering::Relaxed) & both == kernel(signal)
    }
}

fn process(signal: Signal) -> u64 {
    1 << (signal as i32)
}

fn kernel(signal: Signal) -> u64 {
    process(signal) << 32
}

/// `sigaction(2)`. Not by the sender's number: it is 0 for one in another pid namespace too.
#[cfg(target_os = "linux")]
fn is_from_kernel(info: &libc::siginfo_t) -> bool {
    info.si_code > 0
}

#[cfg(not(target_os = "linux"))]
fn is_from_kernel(info: &libc::siginfo_t) -> bool {
    info.si_pid == 0
}

/// Those of `signals` that this process was started to ignore.
pub fn ignored(signals: &[Signal]) -> SigSet {
    signals.iter().copied().filter(|&signal| is_ignored(signal)).collect()
}

fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call only writes the old one, which a zeroed one may be read as too.
    let action = unsafe {
        if libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr()) != 0 {
            return false;
        }
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

/// The signals by which a user ends a command that waits. Those that were ignored stay so; all others do what they did.
pub struct Interrupts(Inbox);

impl Interrupts {
    pub fn listen() -> io::Result<Self> {
        let wanted = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().filter(|&it| !is_ignored(it));
        let inbox = Inbox::new(&wanted.collect::<Vec<_>>())?;
        SigSet::empty().thread_set_mask()?;
        Ok(Self(inbox))
    }

    /// Readable when one has arrived.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.0.as_poll_fd()
    }

    /// The one that has arrived.
    pub fn pending(&mut self) -> Option<Signal> {
        self.0.drain().first().copied()
    }
}

/// Stops this process and those of its group, as a terminal does for Ctrl-Z, until somebody has them go on. Where no shell
/// could do that, nothing happens.
pub fn stop() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action installs no code, and what was there before was installed by us.
    let before = unsafe { sigaction(Signal::SIGTSTP, &default) };
    let stopping: SigSet = [Signal::SIGTSTP].into_iter().collect();
    let mask = stopping.thread_swap_mask(SigmaskHow::SIG_UNBLOCK);
    // With one thread, the signal is acted on before the call returns (kill(2)).
    let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    let _ = mask.map(|mask| mask.thread_set_mask());
    // SAFETY: as above.
    let _ = before.map(|before| unsafe { sigaction(Signal::SIGTSTP, &before) });
}

pub fn ignore(signal: Signal) -> nix::Result<()> {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: ignoring a signal installs no code.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// Gives every signal its default effect, but ignores those of `ignored`, and unblocks all. Async-signal-safe: called
/// between fork and exec.
pub fn reset_all(ignored: SigSet) {
    for number in 1..=LAST {
        reset(number);
    }
    for signal in &ignored {
        let _ = ignore(signal);
    }
    let _ = SigSet::empty().thread_set_mask();
}

#[cfg(target_os = "linux")]
const LAST: i32 = 64;
#[cfg(not(target_os = "linux"))]
const LAST: i32 = 31;

/// The raw call: the C library refuses to touch the two signals that it uses for threads, but a caller may have ignored
/// them, and that is inherited.
#[cfg(target_os = "linux")]
pub(super) fn reset(number: i32) {
    // All zero is the default action; no kernel's `struct sigaction` is larger.
    const DEFAULT: [u64; 8] = [0; 8];
    const MASK_BYTES: usize = size_of::<u64>();
    let nothing = std::ptr::null_mut::<u64>();
    // SAFETY: the kernel only reads the structure; numbers that cannot be set are refused with EINVAL.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, number, DEFAULT.as_ptr(), nothing, MASK_BYTES) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reset(number: i32) {
    // SAFETY: the default action installs no code; numbers that cannot be set are refused with EINVAL.
    unsafe { libc::signal(number, libc::SIG_DFL) };
}
