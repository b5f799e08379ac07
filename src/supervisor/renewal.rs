//! A launcher that is asked in the background what it would run now, for the next start.
//!
//! It belongs to the server's tree and ends with it at the latest. It changes nothing that servers run from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};

use super::plan::Plan;
use crate::context;
use crate::disk::lock_file::LockFile;
use crate::server::launch_note::LaunchNote;
use crate::server::note_key::NoteKey;
use crate::server::question::Question;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, fd, process, spawn, wait};

type Variables = BTreeMap<OsString, OsString>;

/// The longest answer, in bytes: it names every file of a package.
const LONGEST: usize = 8 << 20;

pub struct Renewal {
    pid: Pid,
    output: File,
    said: Vec<u8>,
    question: Question,
    key: NoteKey,
    /// The arguments of what the launcher has run, if the server was started by it.
    tree: Option<Vec<Vec<u8>>>,
    /// Nobody else asks meanwhile.
    turn: Option<LockFile>,
}

impl Renewal {
    /// Asks what there is to be asked for a server, if that was not done today and nobody else does it. `leader` is the
    /// server's first process, `variables` what it got, but for those of a launcher.
    pub fn begin_if_due(plan: &Plan, leader: Pid, variables: Variables) -> Option<Self> {
        let question = plan.shortcut.question.clone()?;
        let key = question.key();
        if !question.is_due(&LaunchNote::read(&key), context::wall_millis()) {
            return None;
        }
        let turn = LockFile::take(&plan.paths.launchers, key.lock()).ok().flatten()?;
        match note_time(&key).and_then(|()| Ok(ask(&question.words(), &plan.record.directory, variables, leader)?)) {
            Ok((pid, output)) => {
                let (said, turn) = (Vec::new(), Some(turn));
                let tree = plan.shortcut.direct.is_none().then(|| tree(pid));
                Some(Self { pid, output, said, question, key, tree, turn })
            }
            Err(_) => {
                turn.give_back();
                None
            }
        }
    }

    pub fn pid(&self) -> Pid {
        self.pid
    }

    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Reads what it says; whether that was all.
    pub fn read(&mut self) -> bool {
        let mut chunk = [0; 16 << 10];
        match self.output.read(&mut chunk) {
            Ok(0) => true,
            Ok(length) => {
                self.said.extend_from_slice(&chunk[..length]);
                self.said.len() > LONGEST
            }
            Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    /// Remembers what it has said; in words.
    pub fn finish(self) -> String {
        let launcher = self.question.launcher();
        match self.question.learn(&self.said, &LaunchNote::read(&self.key), self.tree.as_deref()) {
            None => format!("asked {launcher}, which gave no answer: it is asked again in a day"),
            Some((note, text)) => match note.write(&self.key) {
                Ok(()) => format!("asked {launcher}: {text}"),
                Err(error) => format!("could not note what {launcher} says: {error:#}"),
            },
        }
    }
}

impl Drop for Renewal {
    /// Ends it, whatever it is doing: the server's tree is not to wait for it.
    fn drop(&mut self) {
        if wait::is_child(self.pid) {
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        if let Some(turn) = self.turn.take() {
            turn.give_back();
        }
    }
}

/// The arguments of all processes below this one, but for `asked`.
fn tree(asked: Pid) -> Vec<Vec<u8>> {
    let ours = children::ours().into_iter().filter(|&pid| pid != asked).collect();
    Usage::of_all(ours).pids.into_iter().map(|pid| process::arguments(Pid::from_raw(pid))).collect()
}

/// Remembers that it was asked, before it is: whatever comes of it.
fn note_time(key: &NoteKey) -> anyhow::Result<()> {
    LaunchNote { asked: context::wall_millis(), ..LaunchNote::read(key) }.write(key)
}

/// Starts what is to be asked, in the directory and with the variables that the server has, and without its streams.
fn ask(question: &[String], directory: &Path, variables: Variables, leader: Pid) -> io::Result<(Pid, File)> {
    let (output, stdout) = fd::pipe()?;
    fd::make_nonblocking(&output)?;
    let mut command = Command::new(&question[0]);
    command.args(&question[1..]).current_dir(directory);
    command.env_clear().envs(variables);
    command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
    let child = spawn::spawn_aside(&mut command, leader)?;
    Ok((Pid::from_raw(child.id().cast_signed()), output))
}
