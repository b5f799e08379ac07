//! The processes of a server that is started again and again below one `mcp-hook run`.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::sys::signal::Signal;

use crate::support::process::Process;
use crate::support::wait;
use crate::support::watchers::{self, Watchers};

/// The lives of one server.
pub struct Lives {
    root: Process,
    seen: Vec<Process>,
}

impl Lives {
    /// Those of the server below `root`, which is `mcp-hook run` or its client.
    pub fn below(root: Process) -> Self {
        Self { root, seen: Vec::new() }
    }

    /// Its first process, which has to be one that has not been seen before.
    #[track_caller]
    pub fn next(&mut self) -> Process {
        let found = self.current();
        assert!(!self.seen.contains(&found), "it is still {found}");
        self.seen.push(found);
        found
    }

    /// The one that runs.
    #[track_caller]
    pub fn current(&self) -> Process {
        let is_leader = |process: &Process| {
            let parent = process.stat().and_then(|stat| Process::with_pid(stat.parent));
            parent.is_some_and(|parent| parent.title() == "mcp-supervisor")
        };
        let found: Vec<_> = self.root.descendants().into_iter().filter(is_leader).collect();
        assert!(found.len() == 1, "expected one server: {found:?}");
        found[0]
    }

    /// Kills the server and waits until it is gone, and whoever writes to it knows.
    pub fn kill(&self) {
        watchers::kill(self.current());
    }

    /// Keeps the server from reading, lets the caller ask something, and kills it once that has reached it: no answer can
    /// have been on its way.
    #[track_caller]
    pub fn kill_in_the_middle_of<T>(&self, ask: impl FnOnce() -> T) -> T {
        let server = self.current();
        watchers::freeze(server);
        assert_eq!(waiting_for(server), 0, "it had read everything");
        let asked = ask();
        wait::until("the request has reached the server", || (waiting_for(server) > 0).then_some(()));
        watchers::kill(server);
        asked
    }

    /// How many descriptors the supervisor has open.
    pub fn descriptors(&self) -> usize {
        let supervisor = Watchers::above(self.current()).supervisor;
        fs::read_dir(format!("/proc/{}/fd", supervisor.pid)).unwrap().count()
    }

    /// All that have been seen.
    pub fn seen(&self) -> &[Process] {
        &self.seen
    }
}

/// How many bytes are in the pipe to a server (`pipe(7)`). Nothing is read, and nothing is kept open.
#[track_caller]
fn waiting_for(server: Process) -> i32 {
    let input = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(input_of(server)).unwrap();
    let mut bytes = 0;
    // SAFETY: a valid descriptor, and a pointer to a number that outlives the call, which is what FIONREAD writes.
    let result = unsafe { libc::ioctl(input.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
    assert_eq!(result, 0, "a pipe tells what is in it");
    bytes
}

/// The pipe that comes from the supervisor. Python servers put it elsewhere than 0.
#[track_caller]
fn input_of(server: Process) -> PathBuf {
    let supervisor = Watchers::above(server).supervisor;
    let pipes = |process: Process, mode: i32| {
        let entries = fs::read_dir(format!("/proc/{}/fd", process.pid)).unwrap();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.into_iter().filter(move |path| access_mode(path) == Some(mode)).filter_map(|path| {
            let link = fs::read_link(&path).ok()?;
            link.to_str()?.starts_with("pipe:").then_some((link, path))
        })
    };
    let written: Vec<_> = pipes(supervisor, libc::O_WRONLY).map(|(link, _)| link).collect();
    let found = pipes(server, libc::O_RDONLY).find(|(link, _)| written.contains(link));
    found.expect("its supervisor writes to it").1
}

/// How a descriptor, given as `/proc/PID/fd/NUMBER`, is open.
fn access_mode(path: &Path) -> Option<i32> {
    let info = fs::read_to_string(path.to_str()?.replace("/fd/", "/fdinfo/")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    Some(i32::from_str_radix(flags.trim(), 8).ok()? & libc::O_ACCMODE)
}
