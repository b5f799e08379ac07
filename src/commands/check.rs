//! `check`: everything that would keep servers from being started, without starting them or making anything.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Run;
use crate::cli::Check;
use crate::context;
use crate::definition::catalogue::Catalogue;
use crate::definition::check::{self, Checked};
use crate::definition::document;
use crate::definition::entry::Definition;
use crate::definition::examine::ResolveContext;
use crate::disk::file_at::FileAt;
use crate::disk::layout::{self, SessionPaths};
use crate::failure::hinted;
use crate::server::record::ServerRecord;
use crate::session::find;
use crate::ui;

impl Run for Check {
    fn run(self) -> Result<ExitCode> {
        let here = context::working_directory().context("could not find the working directory")?;
        let session = find::adopt_current().map(|(root, session)| root.session(&session.record.id));
        let catalogue = Catalogue::read();
        let mut servers = check::all(&catalogue, &|definition| definition_in(session.as_ref(), definition, &here));
        self.select(&mut servers)?;
        let is_wrong = servers.iter().any(|server| !server.problems.is_empty());
        if self.json {
            ui::json(&check::report(servers))?;
        } else {
            ui::show(&ui::checked::servers(&servers))?;
        }
        Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Check {
    /// Leaves what was asked for.
    fn select(&self, servers: &mut Vec<Checked>) -> Result<()> {
        for name in &self.names {
            if !servers.iter().any(|server| server.name.as_deref() == Some(name.as_str())) {
                let file = document::user_file().map_or_else(|_| "servers.json".into(), |it| it.display().to_string());
                // What cannot be read may be where it is defined.
                let unreadable = servers
                    .iter()
                    .find(|server| server.name.is_none() && !server.problems.is_empty())
                    .map(|it| format!("could not read {}: {}", it.file.display(), it.problems.join(", ")));
                let why = unreadable.unwrap_or_else(|| "it is not defined".to_owned());
                let hint = format!("mcp-hook list shows what is defined; {file} is yours");
                return Err(hinted(format!("could not check {name}: {why}"), hint));
            }
        }
        let is_wanted =
            |server: &Checked| server.name.as_ref().is_some_and(|name| self.names.iter().any(|it| it.as_str() == name));
        servers.retain(|server| self.names.is_empty() || is_wanted(server));
        Ok(())
    }
}

/// A definition with the session's copy of its configuration, as `start` would take it, and its source beside it.
fn definition_in(session: Option<&SessionPaths>, definition: &Definition, here: &Path) -> Checked {
    let variables = &context::variable_as_it_is;
    let running = session.and_then(|session| ServerRecord::read(&session.server(&definition.name)).ok().flatten());
    let port = running.filter(|record| !record.state.is_final()).and_then(|record| Some(record.port?.number));
    let mut checked = check::definition(definition, &ResolveContext { variables, directory: here, copy: None }, port);
    let copy = session.map(|session| layout::config_copy(&session.configs, &definition.name));
    if let Some(copy) = copy.filter(FileAt::is_there) {
        let resolve_context = ResolveContext { variables, directory: here, copy: Some(&copy) };
        let of_copy = check::definition(definition, &resolve_context, port).problems;
        let new: Vec<String> = of_copy.into_iter().filter(|problem| !checked.problems.contains(problem)).collect();
        checked.problems.extend(new);
    }
    checked
}
