//! `env`: where this session's servers are, for the shell.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::cli::Env;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::ServerName;
use crate::server::record::{Port, ServerRecord};
use crate::session::{find, sweep};
use crate::shell::export;
use crate::supervisor::request;
use crate::ui;

impl Run for Env {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let session = find::find(&root, self.session.session.as_ref())?;
        let servers = ports(&root.session(&session.record.id));
        let (variables, left_out) = export::ports(&servers);
        for (name, first) in left_out {
            ui::warn(&format!("no variables for {name}: they would have the same names as those of {first}"));
        }
        if !variables.is_empty() {
            ui::print(&format!("{}\n", export::assignments(variables.iter(), self.shell)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The servers of a session that have a port, as long as they have it.
pub fn ports(session: &SessionPaths) -> Vec<(ServerName, Port)> {
    let records = sweep::servers(session).into_iter().filter_map(|(_, record)| record.ok());
    let lives = |record: &ServerRecord| {
        !record.state.is_final() && request::is_answered_for(&session.server(&record.name), record)
    };
    let with_port = records.filter(|record| record.port.is_some() && lives(record));
    with_port.filter_map(|record| Some((record.name, record.port?))).collect()
}
