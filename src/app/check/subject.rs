//! Which servers are to be asked, and what is wrong with them before they are started.

use anyhow::{Context, Result};

use super::definitions::not_found;
use crate::app::target::ResolvedTarget;
use crate::context;
use crate::definition::catalogue::{CORRECT_FILE, Catalogue, CatalogueEntry, DefinitionState, Source};
use crate::definition::entry::{Definition, ServerKind};
use crate::definition::examine::{self, Examined, ResolveContext};
use crate::definition::parse::EntryContent;
use crate::definition::problem::Warning;
use crate::definition::resolve;
use crate::disk::layout::{self, SessionPaths};
use crate::disk::names::ServerName;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::http_fault;
use crate::mcp::http::address::{self, Address, BadAddress};
use crate::mcp::http::request;
use crate::server::command::CommandLine;
use crate::server::invocation::Prepared;
use crate::server::record::ServerRecord;
use crate::server::secrets::Secrets;
use crate::server::settings::Settings;
use crate::supervisor::trial::http_checker::HttpTarget;

/// A server that is to be asked.
pub struct Subject {
    /// Its name, as it stands.
    pub name: String,
    /// What was found out without starting it.
    pub findings: Vec<Finding>,
    /// What is to be done, if nothing speaks against it.
    pub goal: Option<Goal>,
    /// Words, and what is to be said if it does not work and uses them.
    pub if_mentioned: Vec<(String, Finding)>,
}

impl Subject {
    pub fn new(name: String, findings: Vec<Finding>, goal: Option<Goal>) -> Self {
        Self { name, findings, goal, if_mentioned: Vec::new() }
    }

    /// One that is not asked, for this reason.
    pub fn refused(name: String, finding: Finding) -> Self {
        Self::new(name, vec![finding], None)
    }
}

pub enum Goal {
    /// A copy is started and spoken to.
    Start(ServerName, ResolvedTarget),
    /// It is asked where it runs.
    Ask(HttpTarget),
}

/// The command, as it was typed.
pub fn typed(command: CommandLine) -> Result<Subject> {
    let directory = context::working_directory().context("could not find the working directory")?;
    let program = command.words().first().copied().unwrap_or_default().to_owned();
    let label = program.rsplit('/').next().unwrap_or_default();
    let name = ServerName::from_label(label);
    let prepared = Prepared::typed(command, directory, Settings::default());
    let goal = Some(Goal::Start(name.clone(), ResolvedTarget::Typed(Box::new(prepared))));
    Ok(Subject::new(name.to_string(), Vec::new(), goal))
}

/// A server at an address.
pub fn at(url: &str, headers: Vec<(String, String)>, secrets: &[String]) -> Subject {
    let secrets = [secrets, &address::secrets(url), &request::secrets(&headers)].concat();
    let name = address::shown(url);
    let (findings, goal) = match Address::parse(url) {
        Ok(address) => (Vec::new(), Some(Goal::Ask(HttpTarget { address, headers, secrets }))),
        Err(BadAddress::Tls) => (vec![http_fault::unasked()], None),
        Err(error) => {
            let shown = Secrets::new(&secrets).masked(&name);
            let finding = Finding::new(Code::InvalidDefinition, format!("{shown} is no address: {error}"));
            (vec![finding.hint("an address looks like http://127.0.0.1:3001/mcp")], None)
        }
    };
    Subject::new(name, findings, goal)
}

/// These servers, or all that are defined here. `session` has the copies of configurations that count.
pub fn defined(names: &[ServerName], session: Option<&SessionPaths>) -> Result<Vec<Subject>> {
    let catalogue = Catalogue::read();
    let mut subjects: Vec<Subject> =
        catalogue.sources().iter().filter(|_| names.is_empty()).filter_map(unreadable).collect();
    for listed in catalogue.all() {
        let is_wanted = names.is_empty() || names.iter().any(|name| name.as_str() == listed.name);
        if is_wanted && !matches!(listed.state, DefinitionState::Client | DefinitionState::Shadowed) {
            subjects.push(subject(&listed, session)?);
        }
    }
    for name in names {
        if !subjects.iter().any(|subject| subject.name == name.as_str()) {
            subjects.push(of_session(name, session).ok_or_else(|| not_found(name, &catalogue))?);
        }
    }
    Ok(subjects)
}

/// A file that may define anything.
fn unreadable(source: &Source) -> Option<Subject> {
    let why = source.shorten(source.entries.as_ref().err()?);
    let finding = Finding::new(Code::InvalidDefinition, why).hint(CORRECT_FILE);
    Some(Subject::refused(source.file.display().to_string(), finding))
}

fn subject(listed: &CatalogueEntry<'_>, session: Option<&SessionPaths>) -> Result<Subject> {
    let name = listed.name.to_owned();
    let file = listed.source.file.display();
    let refused = |finding: Finding| Subject::refused(name.clone(), finding);
    match (&listed.state, listed.content) {
        (DefinitionState::Refused(_), _) => {
            let message = format!("{file} has not been allowed, so nothing in it is started");
            Ok(refused(Finding::new(Code::NotAllowed, message).hint("look at the file, then: mcp-hook allow")))
        }
        (_, Ok(EntryContent::Server(definition))) => examined(definition, session),
        (state, content) => {
            let reason = match (state, content) {
                (DefinitionState::Broken(reason), _) => reason.clone(),
                (_, Err(error)) => listed.source.shorten(error),
                _ => "it is no server".to_owned(),
            };
            Ok(refused(Finding::new(Code::InvalidDefinition, reason).hint(format!("correct it in {file}"))))
        }
    }
}

fn examined(definition: &Definition, session: Option<&SessionPaths>) -> Result<Subject> {
    let name = definition.name.to_string();
    let here = context::working_directory().context("could not find the working directory")?;
    let copy = session.map(|session| layout::config_copy(&session.configs, &definition.name));
    let resolve_context =
        ResolveContext { variables: &context::variable_as_it_is, directory: &here, copy: copy.as_ref() };
    let examined = examine::examine(definition, &resolve_context);
    let mut findings = resolve::findings(definition, &resolve_context, &examined);
    let is_usable = findings.is_empty();
    let Examined { warnings, server, .. } = examined;
    let left: Vec<&Warning> = warnings.iter().filter(|it| is_unexpanded(it)).collect();
    findings.extend(server.lines(&left).into_iter().map(|line| Finding::new(Code::Unexpanded, line).lenient()));
    if !is_usable {
        return Ok(Subject::new(name, findings, None));
    }
    if matches!(definition.kind, ServerKind::Remote) {
        let (url, headers) = server.remote().unwrap_or_default();
        let found = at(&url, headers, server.secrets());
        findings.extend(found.findings);
        return Ok(Subject::new(name, findings, found.goal));
    }
    if let Some(url) = running(&definition.name, session) {
        let headers = server.remote().map(|(_, headers)| headers).unwrap_or_default();
        let found = at(&url, headers, server.secrets());
        findings.extend(found.findings);
        return Ok(Subject::new(name, findings, found.goal));
    }
    let target = ResolvedTarget::Defined(Box::new(server.with_copy_of(copy.as_ref())?));
    Ok(Subject::new(name, findings, Some(Goal::Start(definition.name.clone(), target))))
}

/// A server of this session that was started by its command: asked where it listens, or a copy of it.
fn of_session(name: &ServerName, session: Option<&SessionPaths>) -> Option<Subject> {
    if let Some(url) = running(name, session) {
        return Some(Subject { name: name.to_string(), ..at(&url, Vec::new(), &[]) });
    }
    let record = ServerRecord::read(&session?.server(name)).ok()??;
    let prepared = Prepared::typed(record.command, record.directory, record.settings);
    let goal = Some(Goal::Start(name.clone(), ResolvedTarget::Typed(Box::new(prepared))));
    Some(Subject::new(name.to_string(), Vec::new(), goal))
}

/// Where a server of this session listens.
fn running(name: &ServerName, session: Option<&SessionPaths>) -> Option<String> {
    let record = ServerRecord::read(&session?.server(name)).ok()??;
    let port = record.port.filter(|_| !record.state.is_final())?;
    Some(port.url.unwrap_or_else(|| format!("http://127.0.0.1:{}/mcp", port.number)))
}

fn is_unexpanded(warning: &Warning) -> bool {
    matches!(warning, Warning::Spelling { .. })
}
