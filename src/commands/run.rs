//! `run`: what an MCP client starts instead of the server.

use std::fs::File;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::{Run, spec};
use crate::cli;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::record::Mode;
use crate::session::open::Session;
use crate::session::{find, open, passing};
use crate::supervisor::launch;
use crate::sys::fd;
use crate::ui;

/// How many servers may run under one name in one session.
const MOST: u32 = 1000;

impl Run for cli::Run {
    fn run(self) -> Result<ExitCode> {
        fd::close_inherited();
        let (root, found) = self.find()?;
        let wanted = self.what.wanted("run")?;
        let paths = found.as_ref().map(|session| root.session(&session.record.id));
        let startable = wanted.resolve("run", paths.as_ref(), None)?;
        let (session, locked) = self.take_name(&root, found)?;
        let (id, name) = (&session.record.id, &self.what.name);
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

impl cli::Run {
    /// The session that the client is in, if it is in one. Where there is no place for records at all, the server is run
    /// without: it matters more.
    fn find(&self) -> Result<(Root, Option<Session>)> {
        let root = match Root::open() {
            Err(error) if !Root::is_chosen() => {
                ui::warn(&format!("nothing is recorded, and no session is looked for: {error:#}"));
                return Ok((Root::nowhere(), None));
            }
            root => root?,
        };
        let found = find::find_existing(&root, self.session.session.as_ref())?;
        Ok(found.map_or((root, None), |(root, session)| (root, Some(session))))
    }

    /// The session, made for the client if it is in none, and a name in it that is locked.
    fn take_name(&self, root: &Root, found: Option<Session>) -> Result<(Session, (ServerName, File))> {
        if root.is_nowhere() {
            let lock = File::open("/dev/null").context("could not open /dev/null")?;
            return Ok((open::unrecorded(open::client())?, (self.what.name.clone(), lock)));
        }
        let session = found.map_or_else(|| open::create(root, open::client()), Ok)?;
        passing::in_passing(root, &session.record.id)?;
        let locked = free_name(&root.session(&session.record.id), &self.what.name)?;
        Ok((session, locked))
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
