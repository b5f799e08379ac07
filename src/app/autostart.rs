//! `"autostart": true`: what a new session starts by itself, while its shell already shows a prompt.
//!
//! The ports are leased at once, so that the shell can be told of them; everything else happens behind its back. Each
//! server is started by a process of its own: a lease that another one had a copy of could not be let go.

use anyhow::{Context, Result, anyhow};

use super::free_name::FreeName;
use super::plan;
use super::progress::Silent;
use super::start::{self, Occasion};
use super::target::{ResolvedTarget, Target};
use super::unstarted::Unstarted;
use crate::context;
use crate::definition::autostart;
use crate::definition::entry::{Definition, ServerKind};
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
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
use crate::session::open::Session;
use crate::sys::fork::{self, Side};

/// A server that is about to be started, or why it cannot be.
pub struct Planned {
    definition: Definition,
    what: Result<ResolvedTarget>,
    lease: Option<Lease>,
    port: Option<Endpoint>,
}

/// Checks the servers that a new session starts by itself, and takes their ports.
pub fn plan(root: &Root, session: &Session) -> Vec<Planned> {
    let paths = root.session(&session.record.id);
    autostart::autostarted().into_iter().map(|definition| Planned::new(root, &paths, session, definition)).collect()
}

/// The ports of those that can be started.
pub fn ports(planned: &[Planned]) -> Vec<(ServerName, Endpoint)> {
    planned.iter().filter_map(|it| Some((it.definition.name.clone(), it.port.clone()?))).collect()
}

/// Starts them in the background; returns at once.
///
/// # Errors
/// When the system has no process left.
pub fn start(root: &Root, session: Session, mut planned: Vec<Planned>) -> Result<()> {
    if planned.is_empty() {
        return Ok(());
    }
    let work = move || {
        planned.reverse();
        while let Some(next) = planned.pop() {
            match fork::split() {
                Ok(Side::Child) => {
                    let _ = fork::unblock_signals();
                    drop(planned);
                    next.start(root, session);
                    fork::leave(0);
                }
                Ok(Side::Parent(_)) => {}
                Err(error) => next.fail(root, &session, &format!("could not start it: {error}")),
            }
            let _ = fork::unblock_signals();
        }
    };
    fork::in_background(work).context("could not start the servers of this session")
}

impl Planned {
    fn new(root: &Root, paths: &SessionPaths, session: &Session, definition: Definition) -> Self {
        let mut planned = Self { definition, what: Err(anyhow!("not looked at")), lease: None, port: None };
        planned.what = planned.prepare(root, paths, session);
        planned
    }

    fn prepare(&mut self, root: &Root, paths: &SessionPaths, session: &Session) -> Result<ResolvedTarget> {
        let name = &self.definition.name;
        let target = Target::Defined(Box::new(self.definition.clone()));
        let (startable, _) = target.resolve("start", Some(paths), None)?;
        self.lease = plan::lease(root, &self.definition.hook.settings, None).with_context(|| could_not(name))?;
        let number = self.lease.as_ref().map(Lease::number);
        self.port = number.map(|number| startable.port(number, &session.record.id, name, &paths.server(name)));
        Ok(startable)
    }

    fn start(self, root: &Root, session: Session) {
        let name = self.definition.name.clone();
        let id = session.record.id.clone();
        let paths = root.session(&id).server(&name);
        let started = self.what.map_err(Unstarted::Other).and_then(|resolved| {
            let free_name = start::take_name(&name, &paths, &Silent)?;
            start::launch(root, session, free_name, resolved, Occasion::Session(self.lease))
        });
        let cause = match started {
            Ok(_) => return,
            Err(Unstarted::Other(error)) => in_a_line(&error),
            Err(error) => format!("{}: {error}", could_not(&name)),
        };
        let _ = record(root, Token::new(id, name), &self.definition, &cause);
    }

    fn fail(&self, root: &Root, session: &Session, cause: &str) {
        let token = Token::new(session.record.id.clone(), self.definition.name.clone());
        let _ = record(root, token, &self.definition, cause);
    }
}

fn could_not(name: &ServerName) -> String {
    format!("could not start {name}")
}

/// Nobody sees what goes wrong in the background, unless it is written down.
fn record(root: &Root, token: std::io::Result<Token>, definition: &Definition, cause: &str) -> Result<()> {
    let token = token?;
    let paths = root.session(token.session()).server(token.server());
    let Some(_lock) = FreeName::take(token.server(), &paths)? else { return Ok(()) };
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
    record.state = ServerState::Failed { cause: cause.to_owned(), code: 125 };
    record.write(&paths)?;
    LogWriter::new(&paths, &record, Secrets::default()).note(Level::Error, context::wall_clock(), cause);
    Ok(())
}
