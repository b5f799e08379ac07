//! `server_start`, `server_stop` and `server_restart`.

use anyhow::Result;

use super::answer::{Answer, data};
use super::progress::Told;
use super::session::CurrentSession;
use crate::app::agent::own;
use crate::app::agent::view::{AgentChange, AgentServer};
use crate::app::overrides::Overrides;
use crate::app::restart::{self, Unrestarted};
use crate::app::start::{self, Config, Request, Started};
use crate::app::stop::{self, Which};
use crate::app::unstarted::Unstarted;
use crate::commands::restart::could_not;
use crate::commands::{started, stopped};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::sys::exit;

pub fn start(session: CurrentSession, name: &ServerName) -> Answer {
    let told = Told::default();
    let CurrentSession { root, session } = session;
    let revived = restart::revive(&root, &session, name, &told).map_err(|error| could_not(name, error))?;
    let how = match revived {
        Some(started) => started,
        None => start_anew(CurrentSession { root, session }, name, &told)?,
    };
    has_started(name, how, told)
}

fn start_anew(session: CurrentSession, name: &ServerName, told: &Told) -> Result<Started> {
    let could_not_start = |error| started::could_not("start", name, error);
    let target = match start::defined(&session.paths().server(name), name, &Overrides::default()) {
        Err(Unstarted::Undefined { is_known: true }) => return again(session, name, told),
        target => target.map_err(could_not_start)?,
    };
    let request = Request { name, target, config: Config::AsInSession };
    let starting = start::start(&session.root, session.session, request, told).map_err(could_not_start)?;
    starting.wait(told).map_err(could_not_start)
}

pub fn restart(session: CurrentSession, name: &ServerName) -> Answer {
    spare_own("restart", &session, name)?;
    let told = Told::default();
    let how = again(session, name, &told)?;
    has_started(name, how, told)
}

fn again(session: CurrentSession, name: &ServerName, told: &Told) -> Result<Started> {
    let started = restart::restart(&session.root, session.session, name, Config::AsInSession, told);
    started.map_err(|error: Unrestarted| could_not(name, error))
}

pub fn stop(session: &CurrentSession, name: &ServerName) -> Answer {
    spare_own("stop", session, name)?;
    let told = Told::default();
    let asked = stop::ask(&session.root, &session.session, Which::Named(vec![name.clone()]));
    let mut messages = Vec::new();
    for stopping in asked {
        let ended = stopping.wait(&told).map_err(|error| stopped::could_not("stop", name, error))?;
        messages.push(stopped::describe(name, &ended));
    }
    changed(name, messages.join("\n"), told)
}

fn has_started(name: &ServerName, how: Started, told: Told) -> Answer {
    match how {
        Started::Ready { pid, port } => changed(name, started::describe(name, pid, port.as_ref()), told),
        Started::ClientLeft => changed(name, started::has_no_client(name), told),
        Started::Interrupted(signal) => exit::by_signal(signal),
    }
}

/// What was done, and what is so now.
fn changed(name: &ServerName, message: String, told: Told) -> Answer {
    let server = AgentServer::of(&CurrentSession::find()?.look_at(name)?);
    let warnings = told.warnings();
    let mut lines = vec![message.clone()];
    lines.extend(warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.push(server.describe());
    let text = lines.join("\n");
    Ok((text, data(&AgentChange { message, server, warnings })?))
}

/// Fails for a server whose end would be the end of this call, or of the client that waits for it.
fn spare_own(verb: &str, session: &CurrentSession, name: &ServerName) -> Result<()> {
    if !own::is_within(&session.paths(), name) {
        return Ok(());
    }
    let message = format!("could not {verb} {name}: mcp-hook mcp itself, which was asked for it, runs in it");
    Err(hinted(message, format!("mcp-hook {verb} {name} in a terminal does it")))
}
