//! Facts about processes, from `sysctl(3)` (which tells of every user's) and libproc (`libproc.h`).

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use nix::libc;
use nix::unistd::{Pid, getsid};

use super::sysctl;
pub use crate::sys::process_info::Process;
use crate::sys::{procargs, process_info};

/// Reads what the kernel knows of `pid`; `None` if there is no such process.
pub fn read(pid: Pid) -> Option<Process> {
    let process = sysctl::process(pid.as_raw())?;
    let task: Option<libc::proc_taskinfo> = information(pid, libc::PROC_PIDTASKINFO, 0);
    let ticks = task.map_or(0, |task| task.pti_total_user.saturating_add(task.pti_total_system));
    let seconds = u64::try_from(process.start.tv_sec).ok()?;
    let micros = u64::try_from(process.start.tv_usec).ok()?;
    Some(Process {
        pid,
        parent: Pid::from_raw(process.parent),
        group: Pid::from_raw(process.group),
        session: getsid(Some(pid)).unwrap_or(Pid::from_raw(0)),
        // No terminal is NODEV, -1.
        terminal: u64::try_from(process.terminal).unwrap_or(0),
        start: seconds * 1_000_000 + micros,
        zombie: i64::from(process.state) == i64::from(libc::SZOMB),
        stopped: i64::from(process.state) == i64::from(libc::SSTOP),
        cpu: since_ticks(ticks),
        resident: task.map_or(0, |task| task.pti_resident_size),
        threads: task.and_then(|task| task.pti_threadnum.try_into().ok()).unwrap_or(0),
        is_fork: process.accounting & AFORK != 0,
    })
}

/// The same for who draws conclusions from there being none.
///
/// # Errors
/// When nobody can tell. The list of processes can always be had here.
pub fn look(pid: Pid) -> std::io::Result<Option<Process>> {
    Ok(read(pid))
}

/// Whether the processes of this machine can be looked at.
pub fn are_visible() -> bool {
    true
}

/// The paths of the files that `pid` has open: not told here.
pub fn open_paths(_pid: Pid) -> Vec<PathBuf> {
    Vec::new()
}

/// How many files `pid` has open, standard streams included; `None` if there is no such process, or it may not be seen.
pub fn open_files(pid: Pid) -> Option<u64> {
    let mut entries = vec![[0_u32; 2]; 256];
    loop {
        let room = entries.len() * DESCRIPTOR_ENTRY;
        let size = i32::try_from(room).ok()?;
        let buffer = entries.as_mut_ptr().cast();
        // SAFETY: the kernel writes at most `size` bytes into a buffer that is as large.
        let written = unsafe { libc::proc_pidinfo(pid.as_raw(), libc::PROC_PIDLISTFDS, 0, buffer, size) };
        let written = usize::try_from(written).ok().filter(|&written| written > 0)?;
        if written < room {
            return u64::try_from(written / DESCRIPTOR_ENTRY).ok();
        }
        // There may be more than fitted.
        entries.resize(entries.len() * 2, [0; 2]);
    }
}

/// Memory where shared pages are divided among those who share them: not told here.
pub fn proportional(_pid: Pid) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The size of `struct proc_fdinfo` of `sys/proc_info.h`, two 32-bit numbers.
const DESCRIPTOR_ENTRY: usize = size_of::<[u32; 2]>();

pub fn all() -> impl Iterator<Item = Pid> {
    list(PROC_ALL_PIDS, 0).into_iter()
}

pub(super) fn list(kind: u32, of: u32) -> Vec<Pid> {
    let mut pids = vec![0_i32; if kind == PROC_ALL_PIDS { 2048 } else { 64 }];
    loop {
        let room = pids.len() * size_of::<i32>();
        let size = i32::try_from(room).unwrap_or(i32::MAX);
        // SAFETY: the kernel writes at most `size` bytes into a buffer that is as large.
        let written = unsafe { libc::proc_listpids(kind, of, pids.as_mut_ptr().cast(), size) };
        let written = usize::try_from(written).unwrap_or(0);
        if written < room {
            pids.truncate(written / size_of::<i32>());
            return pids.into_iter().filter(|&pid| pid > 0).map(Pid::from_raw).collect();
        }
        // There may be more than fitted.
        pids.resize(pids.len() * 2, 0);
    }
}

/// The user whose process `pid` is: the real one, which a program of another user does not change; `None` if there is no
/// such process.
pub fn user(pid: Pid) -> Option<u32> {
    sysctl::process(pid.as_raw()).map(|process| process.user)
}

/// The users that `pid` acts as; none if there is no such process.
pub fn users(pid: Pid) -> Vec<u32> {
    user(pid).into_iter().collect()
}

/// The value of the environment variable `name` that `pid` was started with.
///
/// Only what `execve(2)` was given: later changes are not seen, and a process may have overwritten it. The environment
/// of another user's process and of a program of the system itself (`/bin/sh`, `/usr/bin/env`) is hidden.
pub fn variable(pid: Pid, name: &str) -> Option<Vec<u8>> {
    let block = sysctl::arguments(pid.as_raw())?;
    procargs::environment(&block)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .map(<[u8]>::to_vec)
}

/// The environment that `pid` was started with, as far as it is text; none where it is hidden.
pub fn variables(pid: Pid) -> Vec<(String, String)> {
    let block = sysctl::arguments(pid.as_raw()).unwrap_or_default();
    process_info::variables(procargs::environment(&block))
}

/// What the program of `pid` is called: its short name, at most 16 bytes.
pub fn name(pid: Pid) -> String {
    let process = sysctl::process(pid.as_raw());
    let name = process.as_ref().and_then(|process| CStr::from_bytes_until_nul(&process.name).ok());
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The arguments of `pid`, separated by NUL.
pub fn arguments(pid: Pid) -> Vec<u8> {
    let block = sysctl::arguments(pid.as_raw()).unwrap_or_default();
    procargs::arguments(&block).unwrap_or_default().to_vec()
}

/// Whether `child` is a copy of `parent` that has not executed a program of its own: a subshell.
pub fn is_plain_fork(child: &Process, parent: &Process) -> bool {
    child.parent == parent.pid && child.is_fork
}

/// The path of the terminal with device number `terminal` (`devname(3)`).
pub fn terminal_path(terminal: u64) -> Option<PathBuf> {
    let device = libc::dev_t::try_from(terminal).ok().filter(|&device| device != 0)?;
    // SAFETY: devname takes two numbers; its result is null or text in a buffer of its own.
    let name = unsafe { libc::devname(device, libc::S_IFCHR) };
    if name.is_null() {
        return None;
    }
    // SAFETY: the text ends with a NUL and stays until the next call, which only this thread makes.
    let name = unsafe { CStr::from_ptr(name) }.to_str().ok()?;
    // What has no name is called "??".
    (!name.contains('?')).then(|| PathBuf::from("/dev").join(name))
}

/// When a process with this `start` began, on the clock of [`crate::context::uptime`]: here since the epoch.
pub fn since_boot(start: u64) -> Duration {
    Duration::from_micros(start)
}

/// The number that the kernel gives to one process only in a boot (`PROC_PIDUNIQIDENTIFIERINFO`).
pub(super) fn serial_number(pid: Pid) -> Option<u64> {
    information(pid, PROC_PIDUNIQIDENTIFIERINFO, EVEN_ZOMBIES).map(|ids: UniqueIds| ids.own)
}

/// One answer of `proc_pidinfo`. `T` is a structure of integers, for which every bit pattern is a value.
fn information<T: Answer>(pid: Pid, flavor: libc::c_int, argument: u64) -> Option<T> {
    let mut answer = MaybeUninit::<T>::zeroed();
    let size = i32::try_from(size_of::<T>()).ok()?;
    // SAFETY: the kernel writes at most `size` bytes into a buffer of that size.
    let written = unsafe { libc::proc_pidinfo(pid.as_raw(), flavor, argument, answer.as_mut_ptr().cast(), size) };
    // SAFETY: the buffer began zeroed, and `Answer` is implemented for structures of integers only.
    let answer = unsafe { answer.assume_init() };
    (written == size).then_some(answer)
}

/// A structure of integers: any bytes are a value of it.
trait Answer {}
impl Answer for libc::proc_taskinfo {}
impl Answer for UniqueIds {}

/// Times of tasks are in ticks of the Mach clock, whose length differs between machines (`mach_timebase_info`).
#[expect(deprecated, reason = "one call is no reason for another crate")]
fn since_ticks(ticks: u64) -> Duration {
    static NANOS: OnceLock<(u32, u32)> = OnceLock::new();
    let &(numerator, denominator) = NANOS.get_or_init(|| {
        let mut base = libc::mach_timebase_info { numer: 0, denom: 0 };
        // SAFETY: the call fills in the structure.
        unsafe { libc::mach_timebase_info(&raw mut base) };
        if base.denom == 0 { (1, 1) } else { (base.numer, base.denom) }
    });
    let nanos = u128::from(ticks) * u128::from(numerator) / u128::from(denominator);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// `AFORK` of `sys/acct.h`: forked but not executed.
const AFORK: u16 = 1;
/// `PROC_ALL_PIDS` and `PROC_PPID_ONLY` of `sys/proc_info.h`.
const PROC_ALL_PIDS: u32 = 1;
pub(super) const PROC_PPID_ONLY: u32 = 6;
/// `PROC_PIDUNIQIDENTIFIERINFO` of the kernel's `bsd/sys/proc_info_private.h`: answered for every user's processes.
const PROC_PIDUNIQIDENTIFIERINFO: libc::c_int = 17;
/// The argument by which processes that have ended but were not collected are looked at too.
const EVEN_ZOMBIES: u64 = 1;

/// `struct proc_uniqidentifierinfo` of the kernel's `bsd/sys/proc_info_private.h`.
#[repr(C)]
struct UniqueIds {
    _program: [u8; 16],
    /// `p_uniqueid`: new with every fork, kept by `execve(2)`.
    own: u64,
    _parent: u64,
    _versions: [i32; 2],
    _reserved: [u64; 2],
}

const _: () = assert!(size_of::<UniqueIds>() == 56);

/// Whether it has something to compute now: not told here.
pub fn runs(_pid: Pid) -> bool {
    false
}
