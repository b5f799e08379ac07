//! `run`: what an MCP client starts instead of the server.

use std::fs::File;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::{Run, spec};
use crate::cli;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::record::Mode;
use crate::session::{find, sweep};
use crate::supervisor::launch;
use crate::sys::fd;

/// How many servers may run under one name in one session.
const MOST: u32 = 1000;

impl Run for cli::Run {
    fn run(self) -> Result<ExitCode> {
        fd::close_inherited();
        let prepared = self.what.prepare("run")?;
        let root = Root::open()?;
        let client = nix::unistd::getppid();
        let session = find::find_or_create(&root, self.session.session.as_ref(), client)?;
        sweep::in_passing(&root)?;
        let locked = free_name(&root.session(&session.record.id), &self.what.name)?;
        let name = self.what.name.clone();
        let plan = spec::plan(&root, session, locked, Mode::Run, prepared)?;
        let code = launch::run(plan).with_context(|| format!("could not run {name}"))?;
        Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1)))
    }
}

/// Locks the name, or the first free one of `NAME.2`, `NAME.3` and so on: a client may check its servers while another
/// client of the same terminal uses them.
fn free_name(session: &SessionPaths, wanted: &ServerName) -> Result<(ServerName, File)> {
    for number in 1..=MOST {
        let name = if number == 1 { wanted.clone() } else { wanted.numbered(number) };
        if let Some(lock) = spec::lock(&session.server(&name))? {
            return Ok((name, lock));
        }
    }
    bail!("could not run {wanted}: {MOST} servers run under this name")
}
