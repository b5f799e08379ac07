//! Opening a session for a shell, which waits for it.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::autostart::{self, Autostart};
use super::env;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::server::endpoint::Endpoint;
use crate::session::join::Inherited;
use crate::session::live::Session;
use crate::session::open::{self, Opened};
use crate::session::owner;
use crate::session::sweep::{self, incremental};
use crate::shell::export::{self, Variable};
use crate::sys::Pid;
use crate::sys::process::{self, Process};

/// A session for a shell, which is to be told of it before the rest is done.
pub struct Opening {
    root: Root,
    pub session: Session,
    /// Whether it was made just now, or joined.
    pub is_new: bool,
    /// Where its servers are, or are about to be.
    ports: Vec<(ServerName, Endpoint)>,
    autostarts: Vec<Autostart>,
}

/// Opens a session, or joins one: for this shell, which must be above this process, or for the one that has called this.
pub fn open(shell: Option<Pid>) -> Result<Opening> {
    let root = Root::open()?;
    open_in(&root, &find_shell(shell)?)
}

/// The same for this very shell.
pub fn open_for(shell: &Process) -> Result<Opening> {
    open_in(&Root::open()?, shell)
}

fn open_in(root: &Root, shell: &Process) -> Result<Opening> {
    let Opened { root, session, is_new } = open::open(root, shell, &Inherited::from_environment())?;
    let (autostarts, ports) = if is_new {
        let autostarts = autostart::check(&root, &session);
        let ports = autostarts.iter().filter_map(Autostart::port).collect();
        (autostarts, ports)
    } else {
        (Vec::new(), env::ports(&root.session(&session.record.id)))
    };
    Ok(Opening { root, session, is_new, ports, autostarts })
}

fn find_shell(pid: Option<Pid>) -> Result<Process> {
    let me = process::read(Pid::this()).context("could not read the state of this process")?;
    let Some(pid) = pid else {
        return owner::shell_above(&me).context("could not find the shell that called this");
    };
    ensure!(owner::is_ancestor(pid, me.parent), "could not open a session for process {pid}: it did not call this");
    owner::look(pid)
}

impl Opening {
    /// Where the session's record is.
    pub fn directory(&self) -> PathBuf {
        self.root.session(&self.session.record.id).pids.path().to_owned()
    }

    /// What the shell is to be told.
    pub fn variables(&self) -> Vec<Variable> {
        let record = &self.session.record;
        let of_session = export::session(&record.id, &self.root.session(&record.id), record.owner.pid);
        let (of_ports, _) = export::ports(&self.ports);
        of_session.into_iter().chain(of_ports).collect()
    }

    /// Takes back what was made, if it was: the shell will not be told of it.
    pub fn take_back(self) {
        if self.is_new {
            let _ = sweep::remove_files(&self.root.session(&self.session.record.id));
        }
    }

    /// Starts in the background what starts with the session, and cleans up a little. The process forks.
    pub fn finish(self) -> Result<()> {
        let id = self.session.record.id.clone();
        autostart::start(&self.root, self.session, self.autostarts)?;
        incremental::sweep(&self.root, &id)?;
        Ok(())
    }
}
