//! Everything that would keep servers from being started, without starting them or making anything.

use std::path::Path;

use anyhow::{Context, Result};

use crate::context;
use crate::definition::catalogue::Catalogue;
use crate::definition::check::{self, Checked};
use crate::definition::document;
use crate::definition::entry::Definition;
use crate::definition::examine::ResolveContext;
use crate::disk::file_at::FileAt;
use crate::disk::layout::{self, SessionPaths};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::server::record::ServerRecord;
use crate::session::find;

/// Checks these servers, or all that are defined here, as this session would start them.
pub fn check(names: &[ServerName]) -> Result<Vec<Checked>> {
    let here = context::working_directory().context("could not find the working directory")?;
    let session = find::adopt_current().map(|(root, session)| root.session(&session.record.id));
    let catalogue = Catalogue::read();
    let mut servers = check::all(&catalogue, &|definition| definition_in(session.as_ref(), definition, &here));
    if let Some(name) = names.iter().find(|name| !servers.iter().any(|server| is_called(server, name))) {
        return Err(not_found(name, &catalogue));
    }
    servers.retain(|server| names.is_empty() || names.iter().any(|name| is_called(server, name)));
    Ok(servers)
}

fn is_called(server: &Checked, name: &ServerName) -> bool {
    server.name.as_deref() == Some(name.as_str())
}

/// That no file defines a server; what cannot be read may be where it is defined.
pub(super) fn not_found(name: &ServerName, catalogue: &Catalogue) -> anyhow::Error {
    let file = file_of_user();
    let unreadable = catalogue.sources().iter().find_map(|source| Some((source, source.entries.as_ref().err()?)));
    let why = match unreadable {
        Some((source, error)) => format!("could not read {}: {}", source.file.display(), source.shorten(error)),
        None => "it is not defined".to_owned(),
    };
    let hint = format!("mcp-hook list shows what is defined; {file} is yours");
    hinted(format!("could not check {name}: {why}"), hint)
}

/// Where the user's definitions are.
pub(super) fn file_of_user() -> String {
    document::user_file().map_or_else(|_| "servers.json".into(), |it| it.display().to_string())
}

/// A definition with the session's copy of its configuration, as `start` would take it, and its source beside it.
fn definition_in(session: Option<&SessionPaths>, definition: &Definition, here: &Path) -> Checked {
    let variables = &context::variable_as_it_is;
    let port = session.and_then(|session| port_of(session, &definition.name));
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

/// The port of a server that runs in this session.
fn port_of(session: &SessionPaths, name: &ServerName) -> Option<u16> {
    let record = ServerRecord::read(&session.server(name)).ok()??;
    if record.state.is_final() { None } else { record.port.map(|port| port.number) }
}
