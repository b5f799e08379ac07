//! `close`: the session's owner is about to end.
//!
//! Returns at once: the shell waits for it, and a terminal that hangs up kills what a shell waits for. What is left of
//! this command goes on in the background, in a session of its own, without a terminal.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use super::Run;
use crate::cli::Close;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::session::open::{self, is_ancestor};
use crate::session::sweep;
use crate::session::sweep::policy::OwnerFact;
use crate::supervisor::control;
use crate::sys::{Pid, fork};

impl Run for Close {
    fn run(self) -> Result<ExitCode> {
        let (owner, id) =
            self.owner.split_once(':').context("could not close a session: the argument is not PID:ID")?;
        let owner = Pid::from_raw(owner.parse().context("could not close a session: the argument is not PID:ID")?);
        let id: SessionId = id.parse()?;
        let root = Root::open()?;
        let session = open::live(&root, &id).with_context(|| format!("could not find the session {id}"))?;
        let is_owner = session.owner.pid() == owner && is_ancestor(owner, Pid::this());
        ensure!(is_owner, "could not close the session {id}: it is not this shell's");
        fork::in_background(|| close(&root, id))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Ends all servers of a session, all at the same time, and removes its files once they are gone.
fn close(root: &Root, id: SessionId) {
    let mut session = sweep::examine(root, id);
    let servers = session.servers.iter().filter_map(|(name, record)| Some((name, record.as_ref().ok()?)));
    // The shell may be gone by now, and its servers on their way: their watchers still have to leave.
    let (ended, alive): (Vec<_>, Vec<_>) = servers.partition(|(_, record)| record.state.is_final());
    let asked: Vec<_> = alive
        .into_iter()
        .map(|(name, record)| {
            let paths = session.paths.server(name);
            let request = control::ask_to_end_session(&paths, record);
            (paths, record, request)
        })
        .collect();
    for (paths, record, request) in asked {
        let _ = control::await_end(&paths, record, &request);
    }
    for (_, record) in ended {
        control::await_watchers(record);
    }
    session = sweep::examine(root, session.id);
    session.facts.owner = OwnerFact::Gone;
    let _ = session.carry_out(root);
}
