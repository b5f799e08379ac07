//! Questions to the kernel (`sysctl(3)`).

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use nix::libc;

/// `kern.proc.pid`: what the kernel knows of one process, of any user, ended but uncollected ones included.
pub fn process(pid: i32) -> Option<KernelProcess> {
    let mut name = [libc::CTL_KERN, KERN_PROC, libc::KERN_PROC_PID, pid];
    let mut process = MaybeUninit::<KernelProcess>::zeroed();
    let mut size = size_of::<KernelProcess>();
    let buffer = process.as_mut_ptr().cast();
    // SAFETY: the name has the given length; the kernel writes at most `size` bytes into a buffer of that size.
    let result = unsafe { libc::sysctl(name.as_mut_ptr(), 4, buffer, &raw mut size, null_mut(), 0) };
    // No process: success and no bytes.
    if result != 0 || size != size_of::<KernelProcess>() {
        return None;
    }
    // SAFETY: the buffer began zeroed and consists of integers only, for which every bit pattern is a value.
    let process = unsafe { process.assume_init() };
    (process.pid == pid).then_some(process)
}

/// `kern.procargs2`: program, arguments and environment of a process of ours, as [`crate::sys::procargs`] reads them.
pub fn arguments(pid: i32) -> Option<Vec<u8>> {
    let mut name = [libc::CTL_KERN, libc::KERN_PROCARGS2, pid];
    let mut block = vec![0_u8; largest_arguments()];
    let mut size = block.len();
    let buffer = block.as_mut_ptr().cast();
    // SAFETY: the name has the given length; the kernel writes at most `size` bytes into a buffer of that size.
    let result = unsafe { libc::sysctl(name.as_mut_ptr(), 3, buffer, &raw mut size, null_mut(), 0) };
    block.truncate(size);
    (result == 0).then_some(block)
}

/// A variable that holds text.
pub fn text(name: &CStr) -> Option<String> {
    let mut bytes = [0_u8; 256];
    let mut size = bytes.len();
    let buffer = bytes.as_mut_ptr().cast();
    // SAFETY: the name ends with a NUL; the kernel writes at most `size` bytes into a buffer of that size.
    let result = unsafe { libc::sysctlbyname(name.as_ptr(), buffer, &raw mut size, null_mut(), 0) };
    let text = CStr::from_bytes_until_nul(&bytes).ok()?.to_str().ok()?;
    (result == 0).then(|| text.to_owned())
}

/// How large the arguments and the environment of a process may be (`kern.argmax`), in bytes.
fn largest_arguments() -> usize {
    let mut largest: libc::c_int = 0;
    let mut size = size_of::<libc::c_int>();
    let buffer = (&raw mut largest).cast();
    // SAFETY: the name ends with a NUL; the kernel writes at most `size` bytes into an integer of that size.
    let result = unsafe { libc::sysctlbyname(c"kern.argmax".as_ptr(), buffer, &raw mut size, null_mut(), 0) };
    usize::try_from(largest).ok().filter(|&largest| result == 0 && largest > 0).unwrap_or(1 << 20)
}

/// `KERN_PROC` of `sys/sysctl.h`.
const KERN_PROC: libc::c_int = 14;

/// `struct kinfo_proc` of `sys/sysctl.h` for 64-bit programs: an `extern_proc` and an `eproc`. What nobody here reads
/// has no name.
#[repr(C)]
pub struct KernelProcess {
    pub start: libc::timeval,
    _addresses: [u64; 2],
    _flag: i32,
    /// `p_stat`: `SZOMB` and others.
    pub state: i8,
    pub pid: i32,
    _times: [u64; 24],
    _priorities: [u8; 3],
    /// `p_comm`: the name of the program, ended by a NUL.
    pub name: [u8; 17],
    _group: [u64; 2],
    _status: u16,
    /// `p_acflag`: `AFORK` and others.
    pub accounting: u16,
    _usage: [u64; 2],
    _session: u64,
    _credentials: [u64; 10],
    /// `e_pcred.p_ruid`: the real user.
    pub user: u32,
    _others: [u32; 25],
    _memory: [u64; 8],
    /// `e_ppid`.
    pub parent: i32,
    /// `e_pgid`.
    pub group: i32,
    _jobs: i16,
    /// `e_tdev`: device number of the controlling terminal, -1 if there is none.
    pub terminal: i32,
    _rest: [u64; 9],
}

const _: () = {
    assert!(size_of::<KernelProcess>() == 648);
    assert!(std::mem::offset_of!(KernelProcess, pid) == 40);
    assert!(std::mem::offset_of!(KernelProcess, name) == 243);
    assert!(std::mem::offset_of!(KernelProcess, accounting) == 282);
    assert!(std::mem::offset_of!(KernelProcess, user) == 392);
    assert!(std::mem::offset_of!(KernelProcess, parent) == 560);
    assert!(std::mem::offset_of!(KernelProcess, terminal) == 572);
};
