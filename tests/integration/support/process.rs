//! A process by identity: its number *and* its start time, as `/proc/PID/stat` has them (`proc_pid_stat(5)`).

use std::fmt;
use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::libc;
use nix::sys::signal::Signal;

use super::wait::{self, Deadline};

/// A process that was alive when it was looked at. Its number may since belong to another one: every question below is about
/// the process that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// The number, in the namespace of the tests.
    pub pid: i32,
    /// Clock ticks after boot.
    pub started: u64,
}

/// What the second half of `/proc/PID/stat` says.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// `R`, `S`, `T`, `Z` …
    pub state: char,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    pub started: u64,
    /// Its threads that have not been collected, the first one included.
    pub threads: u32,
}

impl Stat {
    /// `None` when there is no such process.
    pub fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything, parentheses too.
        let fields: Vec<_> = text[text.rfind(')')? + 1..].split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse().ok();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: number(1)?,
            group: number(2)?,
            session: number(3)?,
            started: fields.get(19)?.parse().ok()?,
            threads: fields.get(17)?.parse().ok()?,
        })
    }

    /// Whether nothing runs any more and only the status is left. A process of several threads is a zombie by its state
    /// while the others are still on their way out, and hold what it had open.
    fn is_over(&self) -> bool {
        matches!(self.state, 'Z' | 'X') && self.threads <= 1
    }
}

impl Process {
    /// The process that has this number now, `None` if there is none or only a zombie.
    pub fn with_pid(pid: i32) -> Option<Self> {
        Stat::of(pid).filter(|stat| !stat.is_over()).map(|stat| Self { pid, started: stat.started })
    }

    /// This process's `/proc` entry, `None` once it is gone; a zombie has one.
    pub fn stat(self) -> Option<Stat> {
        Stat::of(self.pid).filter(|stat| stat.started == self.started)
    }

    /// Whether it still runs: a zombie does not.
    pub fn alive(self) -> bool {
        self.stat().is_some_and(|stat| !stat.is_over())
    }

    /// Whether it waits for something, and is not running, ready to run or stopped.
    pub fn asleep(self) -> bool {
        self.stat().is_some_and(|stat| stat.state == 'S')
    }

    /// A pidfd of this very process, `None` once it is gone (`pidfd_open(2)`).
    pub fn pidfd(self) -> Option<OwnedFd> {
        // SAFETY: the call takes two numbers and no pointer.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, self.pid, 0) };
        let number = i32::try_from(number).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the kernel has just returned this descriptor to us, nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(number) };
        self.alive().then_some(fd)
    }

    /// Sends a signal to this very process; to one that is gone, nothing.
    pub fn signal(self, signal: Signal) {
        self.signal_number(signal as i32);
    }

    /// The same by number: real-time signals have no name.
    pub fn signal_number(self, number: i32) {
        use std::os::fd::AsRawFd;
        let Some(fd) = self.pidfd() else { return };
        // SAFETY: a valid descriptor, a number that the kernel checks, and no siginfo.
        unsafe {
            libc::syscall(libc::SYS_pidfd_send_signal, fd.as_raw_fd(), number, std::ptr::null::<u8>(), 0);
        }
    }

    /// Waits for its end, which a zombie has reached; `false` once the deadline has passed.
    pub fn gone_by(self, deadline: Deadline) -> bool {
        let Some(fd) = self.pidfd() else { return true };
        wait::one_readable(&fd, deadline) || !self.alive()
    }

    /// Every process below this one now, parents before children.
    pub fn descendants(self) -> Vec<Self> {
        let all: Vec<_> = all().into_iter().filter_map(|p| Some((p, p.stat()?.parent))).collect();
        let mut found = vec![self];
        let mut next = 0;
        while next < found.len() {
            let parent = found[next].pid;
            found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
            next += 1;
        }
        found.split_off(1)
    }

    /// Its short name (`proc_pid_comm(5)`), empty once it is gone.
    pub fn title(self) -> String {
        fs::read_to_string(format!("/proc/{}/comm", self.pid)).unwrap_or_default().trim_end().to_owned()
    }

    /// Whether its environment as it was at its last exec holds `entry` (`NAME=VALUE`).
    pub fn has_env(self, entry: &str) -> bool {
        fs::read(format!("/proc/{}/environ", self.pid))
            .is_ok_and(|text| text.split(|byte| *byte == 0).any(|part| part == entry.as_bytes()))
    }
}

impl fmt::Display for Process {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        match self.stat() {
            Some(Stat { state, parent, group, session, .. }) => {
                write!(out, "{} {state} parent {parent} group {group} session {session}: {line}", self.pid)
            }
            None => write!(out, "{} gone", self.pid),
        }
    }
}

/// Every process that runs now and can be seen.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries.filter_map(|entry| Process::with_pid(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}
