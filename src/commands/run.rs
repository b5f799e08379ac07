//! `run`: what an MCP client starts instead of the server.

use std::fs::File;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::{Run, spec};
use crate::cli;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::record::Mode;
use crate::session::{find, open, passing};
use crate::supervisor::launch;
use crate::sys::fd;

/// How many servers may run under one name in one session.
const MOST: u32 = 1000;

impl Run for cli::Run {
    fn run(self) -> Result<ExitCode> {
        fd::close_inherited();
        let wanted = self.what.wanted("run")?;
        let root = Root::open()?;
        let session = find::find_existing(&root, self.session.session.as_ref())?;
        let paths = session.as_ref().map(|session| root.session(&session.record.id));
        let startable = wanted.resolve("run", paths.as_ref(), None)?;
        let session = session.map_or_else(|| open::create(&root, open::client()), Ok)?;
        let id = &session.record.id;
        passing::in_passing(&root, id)?;
        let name = self.what.name.clone();
        let locked = free_name(&root.session(id), &name)?;
        let describe = || format!("could not run {name}");
        let lease = spec::lease(&root, startable.settings(), None).with_context(describe)?;
        let prepared = startable.bind(id, &locked.0, &root.session(id).server(&locked.0)).with_context(describe)?;
        let mut plan = spec::plan(&root, session, locked, Mode::Run, prepared)?;
        if let Some(lease) = lease {
            plan.give(lease);
        }
        let code = launch::run(plan).with_context(describe)?;
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
