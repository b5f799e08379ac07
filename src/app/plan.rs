//! From what is to be started to the plan that its supervisor gets.

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use super::free_name::FreeName;
use crate::container::{self, Container};
use crate::disk::layout::{Root, ServerPaths};
use crate::failure::{Hint, hinted};
use crate::port::lease::Lease;
use crate::server::client::ClientProcess;
use crate::server::invocation::Prepared;
use crate::server::record::{Mode, ServerRecord};
use crate::server::settings::{PortChoice, Settings};
use crate::server::shortcut::Shortcut;
use crate::server::token::Token;
use crate::session::live::Session;
use crate::session::owner;
use crate::supervisor::plan::{Plan, Watched};
use crate::sys::Pid;
use crate::sys::handle::ProcessHandle;
use crate::sys::signals;

/// What a client's server ignores if the client does.
const INHERITED: [Signal; 3] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];

/// The port that a server is to have, if it is to have one; if any will do, rather the one that it had `before`, which
/// shells have in their environments.
pub fn lease(root: &Root, settings: &Settings, before: Option<u16>) -> Result<Option<Lease>> {
    let Some(wish) = &settings.port else { return Ok(None) };
    let number = match (wish.number, before) {
        (PortChoice::Auto, Some(number)) => PortChoice::Prefer(number),
        (choice, _) => choice,
    };
    Lease::take(root.ports(), number, &[]).map(Some)
}

/// A plan for a server whose name is locked, without its port.
pub fn plan(
    root: &Root,
    session: Session,
    free_name: FreeName,
    mode: Mode,
    mut prepared: Prepared,
) -> Result<Box<Plan>> {
    if prepared.directory.to_str().is_none() {
        let message = format!("could not use the directory {}: its name is not UTF-8", prepared.directory.display());
        return Err(hinted(message, "start it in another directory, or rename that one"));
    }
    if prepared.settings.port.is_some() && prepared.source.is_none() {
        prepared.fill_in_port();
    }
    let FreeName { name, lock, .. } = free_name;
    let (client, ignored) = match mode {
        Mode::Start => (None, signals::ignored(&[])),
        Mode::Run => (client(), signals::ignored(&INHERITED)),
    };
    let paths = root.session(&session.record.id).server(&name);
    let token = Token::new(session.record.id, name.clone()).context("could not get random bits")?;
    let container = container(&prepared, &paths, &token);
    let mut record = ServerRecord::new(token, mode, &prepared);
    record.client = client.as_ref().and_then(|client| ClientProcess::of(client.pid(), session.owner.pid()));
    record.container = container.as_ref().and_then(|container| container.recorded(&prepared.invocation.secrets));
    record
        .check_size()
        .with_context(|| format!("could not {} {name}", mode.verb()))
        .hint(|| "put long arguments into a file".to_owned())?;
    Ok(Box::new(Plan {
        paths,
        record,
        shortcut: Shortcut::default(),
        container,
        invocation: prepared.invocation,
        lock,
        lease: None,
        watched: Watched { owner: Some(session.owner), client },
        ignored,
    }))
}

/// The client that started this process. Where it cannot be seen, the end of its input says that it is gone.
fn client() -> Option<ProcessHandle> {
    ProcessHandle::open(owner::client()).filter(|client| client.pid() != Pid::this())
}

/// The container that a server is, if it is one.
fn container(prepared: &Prepared, paths: &ServerPaths, token: &Token) -> Option<Container> {
    let invocation = &prepared.invocation;
    let words: Vec<String> = invocation.words.iter().map(|word| word.render(None)).collect();
    let variables: Vec<_> =
        invocation.environment.iter().map(|(name, value)| (name.clone(), value.render(None))).collect();
    container::find(&words, &variables, &prepared.directory, paths, token.to_string())
}
