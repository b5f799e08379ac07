//! Who has started this process and reads what it prints (`proc(5)`).

use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{AtFlags, OFlag, open};
use nix::libc::mode_t;
use nix::sys::signal::Signal;
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{Pid, getpgrp, getppid};

use super::process::{self, Fields, Process};
use crate::sys::directory;
use crate::sys::stat::{FileId, kind};

/// The mode of a link in `/proc/PID/fd` (`proc_pid_fd(5)`).
const READS: mode_t = 0o400;
const WRITES: mode_t = 0o200;

/// More files than this a shell that has just started has not open.
const MOST_FILES: usize = 64;

/// More arguments than this, in bytes, nobody has to look at.
const MOST_ARGUMENTS: usize = 4 << 10;

/// The program that has started this process, in the foreground of a terminal, and reads what it prints.
pub struct Caller {
    pub process: Process,
    /// What its program is called, as in [`process::name`].
    pub name: String,
    /// Separated by NUL, as in [`process::arguments`].
    pub arguments: Vec<u8>,
    pub ignores_sigttin: bool,
    /// Whether its standard input is its terminal.
    pub reads_terminal: bool,
    /// Its open files (`/proc/PID/fd`), and which of them is the other end of our standard output.
    files: OwnedFd,
    reader: (String, FileId),
}

impl Caller {
    /// The caller, if this is certain. Copies of it, as in `$(mcp-hook … || :)`, may stand in between, but not one that reads
    /// itself what is printed (a subshell), nor another program.
    pub fn look() -> Option<Self> {
        let output = fstat(std::io::stdout()).ok().filter(|found| kind(found) == SFlag::S_IFIFO)?;
        let output = FileId::of(&output);
        let Stat { process, foreground, ignored, name } = above_copies(Stat::read(getppid())?)?;
        let pid = process.pid;
        if process.terminal == 0 || foreground != process.group || process.group != getpgrp() {
            return None;
        }
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let files = open(format!("/proc/{pid}/fd").as_str(), flags, Mode::empty()).ok()?;
        Some(Self {
            name,
            arguments: arguments(pid)?,
            ignores_sigttin: ignored & 1 << (Signal::SIGTTIN as u64 - 1) != 0,
            reads_terminal: look_at(&files, "0").is_some_and(|input| input.st_rdev == process.terminal),
            process,
            reader: (reader_of(&files, output)?, output),
            files,
        })
    }

    /// Whether it still reads what this process prints. A shell that is about to start the next member of a pipeline
    /// holds, for a moment, what that will read.
    pub fn still_reads(&self) -> bool {
        let (name, output) = &self.reader;
        look_at(&self.files, name).is_some_and(|found| FileId::of(&found) == *output)
    }
}

/// What `proc_pid_stat(5)` says.
struct Stat {
    process: Process,
    name: String,
    /// The process group in the foreground of its terminal.
    foreground: Pid,
    /// A bit for each signal.
    ignored: u64,
}

impl Stat {
    fn read(pid: Pid) -> Option<Self> {
        let mut buffer = [0; 1024];
        let stat = process::read_small(&format!("/proc/{pid}/stat"), &mut buffer).ok()?;
        let fields = Fields::of(stat)?;
        Some(Self {
            process: fields.process(pid)?,
            name: fields.name(),
            foreground: fields.text(8)?.parse().ok().map(Pid::from_raw)?,
            ignored: fields.text(33)?.parse().ok()?,
        })
    }
}

/// The process that those down to this one are copies of; nothing where nobody can tell.
fn above_copies(mut stat: Stat) -> Option<Stat> {
    while let Some(parent) = Stat::read(stat.process.parent) {
        if !process::is_plain_fork(&stat.process, &parent.process) {
            break;
        }
        stat = parent;
    }
    (stat.process.image != 0).then_some(stat)
}

fn arguments(pid: Pid) -> Option<Vec<u8>> {
    let mut buffer = [0; MOST_ARGUMENTS];
    let arguments = process::read_small(&format!("/proc/{pid}/cmdline"), &mut buffer).ok()?;
    (arguments.len() < MOST_ARGUMENTS).then(|| arguments.to_vec())
}

/// The file by which a process reads from this pipe. It may still have the end to write to, which was ours until now.
fn reader_of(files: &OwnedFd, pipe: FileId) -> Option<String> {
    let (names, _) = directory::read_part(files.as_fd(), 0, MOST_FILES).ok()?;
    let is_reader = |name: &String| {
        // The link says what the file is open for.
        let link = || fstatat(files, name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
        look_at(files, name).is_some_and(|found| FileId::of(&found) == pipe)
            && link().is_ok_and(|link| link.st_mode & (READS | WRITES) == READS)
    };
    // What was opened last mostly has the highest number.
    names.into_iter().rev().filter_map(|name| name.into_string().ok()).find(is_reader)
}

fn look_at(files: &OwnedFd, name: &str) -> Option<FileStat> {
    fstatat(files, name, AtFlags::empty()).ok()
}
