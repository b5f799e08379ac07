//! `env`: where this session's servers are, for the shell.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::Env;
use crate::context;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::endpoint::Endpoint;
use crate::server::record::ServerRecord;
use crate::session::open::Inherited;
use crate::session::record::SessionRecord;
use crate::session::view::SessionView;
use crate::session::{find, sweep};
use crate::shell::export;
use crate::shell::stale::{self, Stale};
use crate::supervisor::control;
use crate::ui;

impl Run for Env {
    fn run(self) -> Result<ExitCode> {
        let (root, session) = find::find(&Root::open()?, self.session.session.as_ref())?;
        let paths = root.session(&session.record.id);
        let servers = ports(&paths);
        let (variables, left_out) = export::ports(&servers);
        for (name, first) in left_out {
            ui::warn(&format!("no variables for {name}: they would have the same names as those of {first}"));
        }
        let stale = stale(&paths);
        for stale in &stale {
            ui::warn(&stale.to_string());
        }
        let ended: Vec<&str> = stale.iter().filter(|it| it.truth.is_none()).map(|it| it.variable.0.as_str()).collect();
        if !ended.is_empty() {
            ui::print(&format!("{}\n", export::removals(&ended, self.shell)))?;
        }
        if !variables.is_empty() {
            ui::print(&format!("{}\n", export::assignments(variables.iter(), self.shell)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The servers of a session that have a port, as long as they have it.
pub fn ports(session: &SessionPaths) -> Vec<(ServerName, Endpoint)> {
    ported(session).0
}

/// The servers of a session that have a port, and those that had one.
fn ported(session: &SessionPaths) -> (Vec<(ServerName, Endpoint)>, Vec<ServerName>) {
    let lives = |record: &ServerRecord| {
        !record.state.is_final() && control::is_answered_for(&session.server(&record.name), record)
    };
    let (mut running, mut ended) = (Vec::new(), Vec::new());
    for record in sweep::servers(session).into_iter().filter_map(|(_, record)| record.ok()) {
        let is_alive = record.port.is_some() && lives(&record);
        match record.port {
            Some(port) if is_alive => running.push((record.name, port)),
            Some(_) => ended.push(record.name),
            None => {}
        }
    }
    (running, ended)
}

/// The variables of the calling shell that say of this session's servers what is not true.
pub fn stale(session: &SessionPaths) -> Vec<Stale> {
    let (running, ended) = ported(session);
    stale::stale(&running, &ended, context::text_variable)
}

/// Adds to what is shown of the session that the caller is in which of the caller's variables are not true.
pub fn add_stale(root: &Root, view: &mut SessionView) {
    let mut ported = view.servers.iter().filter(|server| server.endpoint().is_some());
    if !view.current || !ported.any(|server| is_told_of(&server.name)) {
        return;
    }
    let Ok(id) = view.id.parse() else { return };
    for stale in stale(&root.session(&id)) {
        let server = view.servers.iter_mut().find(|server| server.name == stale.server);
        if let Some(server) = server {
            server.warnings.push(format!("{stale}; {}", way_out(&view.shell)));
        }
    }
}

/// Whether the calling shell has variables of a server. Nothing has to be looked at where it has not.
fn is_told_of(name: &ServerName) -> bool {
    export::names(name).iter().any(|name| context::variable(name).is_some())
}

/// What makes them true again, as it is typed in a session's shell.
pub fn way_out(shell: &str) -> &'static str {
    if shell == "fish" { "mcp-hook env --shell fish | source" } else { "eval \"$(mcp-hook env)\"" }
}

/// Says which of the caller's variables are not true of one server.
pub fn warn_of_stale(root: &Root, session: &SessionRecord, name: &ServerName) {
    if !is_told_of(name) || Inherited::from_environment().id.as_ref() != Some(&session.id) {
        return;
    }
    for stale in stale(&root.session(&session.id)).iter().filter(|stale| stale.server == *name) {
        ui::warn(&format!("{stale}; {}", way_out(&session.shell)));
    }
}
