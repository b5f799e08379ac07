//! `"autostart": true`: what a new session starts by itself, while its shell already shows a prompt.
//!
//! The ports are leased at once, so that the shell can be told of them; everything else happens behind its back. Each
//! server is started by a process of its own: a lease that another one had a copy of could not be let go.

use std::collections::VecDeque;

use anyhow::{Context, Result};

use super::free_name::FreeName;
use super::plan;
use super::progress::Silent;
use super::start::{self, Occasion};
use super::target::{ResolvedTarget, Target};
use super::unstarted::Unstarted;
use crate::context;
use crate::definition::autostart;
use crate::definition::entry::{Definition, ServerKind};
use crate::disk::layout::Root;
use crate::disk::names::{ServerName, SessionId};
use crate::failure::in_a_line;
use crate::log::LogWriter;
use crate::log::central::Level;
use crate::port::lease::Lease;
use crate::server::command::CommandLine;
use crate::server::endpoint::Endpoint;
use crate::server::invocation::Prepared;
use crate::server::record::{Mode, ServerRecord, ServerState};
use crate::server::secrets::Secrets;
use crate::server::token::Token;
use crate::session::live::Session;
use crate::sys::exit;
use crate::sys::fork::{self, Side};

/// A server that starts with its session.
pub struct Autostart {
    definition: Definition,
    /// What is needed for that, or why it cannot be started.
    checked: Result<Checked>,
}

struct Checked {
    target: ResolvedTarget,
    lease: Option<Lease>,
    endpoint: Option<Endpoint>,
}

/// Checks the servers that a new session starts by itself, and takes their ports.
pub fn check(root: &Root, session: &Session) -> Vec<Autostart> {
    let check = |definition| Autostart { checked: check_one(root, session, &definition), definition };
    autostart::autostarted().into_iter().map(check).collect()
}

fn check_one(root: &Root, session: &Session, definition: &Definition) -> Result<Checked> {
    let (id, name) = (&session.record.id, &definition.name);
    let paths = root.session(id);
    let (target, _) = Target::Defined(Box::new(definition.clone())).resolve("start", Some(&paths), None)?;
    let lease = plan::lease(root, target.settings(), None).with_context(|| could_not_start(name))?;
    let endpoint = lease.as_ref().map(|lease| target.port(lease.number(), id, name, &paths.server(name)));
    Ok(Checked { target, lease, endpoint })
}

/// Starts them in the background; returns at once.
pub fn start(root: &Root, session: Session, autostarts: Vec<Autostart>) -> Result<()> {
    if autostarts.is_empty() {
        return Ok(());
    }
    fork::in_background(|| start_each(root, session, autostarts.into()))
        .context("could not start the servers of this session")
}

fn start_each(root: &Root, session: Session, mut autostarts: VecDeque<Autostart>) {
    while let Some(next) = autostarts.pop_front() {
        match fork::split() {
            Ok(Side::Child) => {
                let _ = fork::unblock_signals();
                // The leases of the others.
                drop(autostarts);
                next.start(root, session);
                exit::now(0);
            }
            Ok(Side::Parent(_)) => {}
            Err(error) => fail(root, &session.record.id, &next.definition, &format!("could not start it: {error}")),
        }
        let _ = fork::unblock_signals();
    }
}

impl Autostart {
    /// Where clients will reach it, if it can be started.
    pub fn port(&self) -> Option<(ServerName, Endpoint)> {
        Some((self.definition.name.clone(), self.checked.as_ref().ok()?.endpoint.clone()?))
    }

    fn start(self, root: &Root, session: Session) {
        let Self { definition, checked } = self;
        let id = session.record.id.clone();
        let cause = match launch(root, session, &definition.name, checked) {
            Ok(()) => return,
            Err(Unstarted::Other(error)) => in_a_line(&error),
            Err(error) => format!("{}: {error}", could_not_start(&definition.name)),
        };
        fail(root, &id, &definition, &cause);
    }
}

fn launch(root: &Root, session: Session, name: &ServerName, checked: Result<Checked>) -> Result<(), Unstarted> {
    let Checked { target, lease, .. } = checked?;
    let paths = root.session(&session.record.id).server(name);
    let free_name = start::take_name(name, &paths, &Silent)?;
    start::launch(root, session, free_name, target, Occasion::Session(lease)).map(drop)
}

fn could_not_start(name: &ServerName) -> String {
    format!("could not start {name}")
}

/// Writes down why a server was not started: nobody sees what goes wrong in the background.
fn fail(root: &Root, session: &SessionId, definition: &Definition, cause: &str) {
    let _ = record_failure(root, session, definition, cause);
}

fn record_failure(root: &Root, session: &SessionId, definition: &Definition, cause: &str) -> Result<()> {
    let token = Token::new(session.clone(), definition.name.clone())?;
    let paths = root.session(session).server(&definition.name);
    let Some(_locked) = FreeName::take(&definition.name, &paths)? else { return Ok(()) };
    let command = match &definition.kind {
        ServerKind::Program { command, args, .. } => [command].into_iter().chain(args).cloned().collect(),
        ServerKind::Remote => Vec::new(),
    };
    let directory = context::working_directory().unwrap_or_else(|_| "/".into());
    let settings = definition.hook.settings.clone();
    let mut prepared = Prepared::typed(CommandLine::Argv(command), directory, settings);
    prepared.source = Some(definition.file.clone());
    let mut record = ServerRecord::new(token, Mode::Start, &prepared);
    record.autostart = true;
    record.state = ServerState::Failed { cause: cause.to_owned(), code: 125, given_up: false, finding: None };
    record.write(&paths)?;
    LogWriter::new(&paths, &record, Secrets::default()).note(Level::Error, context::wall_clock(), cause);
    Ok(())
}
