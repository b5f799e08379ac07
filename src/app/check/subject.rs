//! Which servers are to be asked, and what is wrong with them before they are started.

use anyhow::{Context, Result};

use super::definitions::not_found;
use crate::app::target::ResolvedTarget;
use crate::context;
use crate::definition::catalogue::{Catalogue, CatalogueEntry, DefinitionState};
use crate::definition::entry::{Definition, ServerKind};
use crate::definition::examine::{self, Examined, ResolveContext};
use crate::definition::parse::EntryContent;
use crate::definition::problem::{Problem, Warning};
use crate::disk::layout::{self, SessionPaths};
use crate::disk::names::ServerName;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::over_http;
use crate::mcp::http::address::{Address, BadAddress};
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
    Ok(Subject { name: name.to_string(), findings: Vec::new(), goal })
}

/// A server at an address.
pub fn at(url: &str, headers: Vec<(String, String)>, secrets: &[String]) -> Subject {
    let (findings, goal) = match Address::parse(url) {
        Ok(address) => (Vec::new(), Some(Goal::Ask(HttpTarget { address, headers, secrets: secrets.to_vec() }))),
        Err(BadAddress::Tls) => (vec![over_http::unasked()], None),
        Err(error) => {
            let shown = Secrets::new(secrets).masked(url);
            let finding = Finding::new(Code::InvalidDefinition, format!("{shown} is no address: {error}"));
            (vec![finding.hint("an address looks like http://127.0.0.1:3001/mcp")], None)
        }
    };
    Subject { name: url.to_owned(), findings, goal }
}

/// These servers, or all that are defined here. `session` has the copies of configurations that count.
pub fn defined(names: &[ServerName], session: Option<&SessionPaths>) -> Result<Vec<Subject>> {
    let catalogue = Catalogue::read();
    let mut subjects = Vec::new();
    for listed in catalogue.all() {
        let is_wanted = names.is_empty() || names.iter().any(|name| name.as_str() == listed.name);
        if is_wanted && !matches!(listed.state, DefinitionState::Client | DefinitionState::Shadowed) {
            subjects.push(subject(&listed, session)?);
        }
    }
    match names.iter().find(|name| !subjects.iter().any(|subject| subject.name == name.as_str())) {
        Some(name) => Err(not_found(name, &catalogue)),
        None => Ok(subjects),
    }
}

fn subject(listed: &CatalogueEntry<'_>, session: Option<&SessionPaths>) -> Result<Subject> {
    let name = listed.name.to_owned();
    let file = listed.source.file.display();
    let refused = |finding: Finding| Subject { name: name.clone(), findings: vec![finding], goal: None };
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
    let Examined { problems, warnings, server } = examine::examine(definition, &resolve_context);
    let lines = |texts: Vec<String>| server.lines(&texts);
    let mut findings: Vec<Finding> = Vec::new();
    for (problem, line) in problems.iter().zip(lines(problems.iter().map(ToString::to_string).collect())) {
        findings.push(of_problem(problem, line, definition));
    }
    let left: Vec<String> = warnings.iter().filter(|it| is_unexpanded(it)).map(ToString::to_string).collect();
    findings.extend(lines(left).into_iter().map(|line| Finding::new(Code::Unexpanded, line).lenient()));
    if !problems.is_empty() {
        return Ok(Subject { name, findings, goal: None });
    }
    if matches!(definition.kind, ServerKind::Remote) {
        let (url, headers) = server.remote().unwrap_or_default();
        let found = at(&url, headers, server.secrets());
        findings.extend(found.findings);
        return Ok(Subject { name, findings, goal: found.goal });
    }
    if definition.hook.settings.port.is_some() {
        let found = running(&definition.name, session)
            .map_or_else(|| unasked(&definition.name), |url| at(&url, Vec::new(), server.secrets()));
        findings.extend(found.findings);
        return Ok(Subject { name, findings, goal: found.goal });
    }
    let target = ResolvedTarget::Defined(Box::new(server.with_copy_of(copy.as_ref())?));
    Ok(Subject { name, findings, goal: Some(Goal::Start(definition.name.clone(), target)) })
}

/// Where a server of this session listens.
fn running(name: &ServerName, session: Option<&SessionPaths>) -> Option<String> {
    let record = ServerRecord::read(&session?.server(name)).ok()??;
    let port = record.port.filter(|_| !record.state.is_final())?;
    Some(port.url.unwrap_or_else(|| format!("http://127.0.0.1:{}/mcp", port.number)))
}

/// That a server with a port is not asked, because it does not run here.
fn unasked(name: &ServerName) -> Subject {
    let finding = Finding::new(Code::NotAsked, "it listens on a port, and does not run in this session");
    let hint = format!("mcp-hook start {name}; then it is asked as it runs");
    Subject { name: name.to_string(), findings: vec![finding.hint(hint)], goal: None }
}

fn of_problem(problem: &Problem, line: String, definition: &Definition) -> Finding {
    let (name, file) = (&definition.name, definition.file.display());
    if matches!(problem, Problem::Unset { places, .. } if !places.is_empty()) {
        let hint = format!("set it where mcp-hook is called, or under \"env\" of {name} in {file}");
        return Finding::new(Code::Unexpanded, line).hint(hint);
    }
    let hint = if problem.is_of_variable() {
        format!("set it where mcp-hook is called, or under \"env\" of {name} in {file}")
    } else {
        format!("{name} is defined in {file}")
    };
    Finding::new(Code::InvalidDefinition, line).hint(hint)
}

fn is_unexpanded(warning: &Warning) -> bool {
    matches!(warning, Warning::Spelling { .. })
}
