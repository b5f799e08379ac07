//! A process that has nothing to do with mcp-hook, to show that nobody touches it.

use std::fs;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::Child;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::process::Process;
use super::sandbox::Sandbox;
use super::tree::Tree;
use super::wait;

/// It writes down every signal that reaches it. Ended when dropped.
pub struct Innocent {
    child: Child,
    pub process: Process,
    signals: PathBuf,
}

impl Innocent {
    /// Starts it outside every session; `name` keeps several in a sandbox apart.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, name: &str) -> Self {
        let [signals, ready] = ["signals", "ready"].map(|end| sandbox.path(format!("{name}.{end}")));
        let mut command = sandbox.command(Tree::program());
        // Not of the sandbox's world: it is to be alive when nothing else is.
        command.env_clear().arg("--log-signals").arg(&signals).arg("--show").arg(&ready);
        let child = command.spawn().unwrap();
        wait::until("it notes its signals", || ready.exists().then_some(()));
        let process = Process::with_pid(child.id().cast_signed()).expect("it lives");
        Self { child, process, signals }
    }

    /// What records keep of it: its number, its start, and the number that the kernel gives only once.
    pub fn identity(&self) -> Value {
        json!({ "pid": self.process.pid, "start": self.process.started, "serial": serial(self.process) })
    }

    /// Fails unless it is alive and no signal has reached it.
    #[track_caller]
    pub fn assert_untouched(&self) {
        let signals = fs::read_to_string(&self.signals).unwrap_or_default();
        assert!(self.process.alive(), "an innocent process was ended");
        assert!(signals.is_empty(), "an innocent process was sent {signals:?}");
    }
}

impl Drop for Innocent {
    fn drop(&mut self) {
        self.process.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// The inode of the process's pidfd. Since Linux 6.9 no two processes of one boot have the same.
pub fn serial(process: Process) -> u64 {
    let pidfd = process.pidfd().expect("it lives");
    nix::sys::stat::fstat(pidfd.as_fd()).unwrap().st_ino
}

/// Whether the kernel tells two processes of the same number and start apart.
pub fn has_serials(one: Process) -> bool {
    let this = Process::with_pid(std::process::id().cast_signed()).unwrap();
    serial(one) != serial(this)
}
