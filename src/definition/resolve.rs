//! From a definition to what is started.

use anyhow::{Error, Result};

use super::entry::{Definition, ServerKind};
use super::examine::{self, Examined, ResolveContext};
use super::problem::{Problem, Warning};
use super::resolved::Resolved;
use crate::disk::file_at::FileAt;
use crate::failure::{hinted, listed};
use crate::mcp::check::finding::Finding;
use crate::server::settings::{ReadyWhen, Restart, Settings};

/// Expands and checks a definition that is to be started: nothing is made if anything is wrong.
pub fn resolve(definition: &Definition, verb: &str, context: &ResolveContext<'_>) -> Result<(Resolved, Vec<Warning>)> {
    let name = &definition.name;
    if matches!(definition.kind, ServerKind::Remote) {
        let message =
            format!("could not {verb} {name}: {} says where it is, not what to start", definition.file.display());
        return Err(hinted(message, "give it a \"command\", or have clients reach it at its \"url\""));
    }
    let examined = examine::examine(definition, context);
    if examined.problems.is_empty() {
        let without_effect = without_effect(verb, examined.server.settings());
        return Ok((examined.server, examined.warnings.into_iter().chain(without_effect).collect()));
    }
    Err(refuse(definition, verb, context, &examined))
}

/// What only holds for servers in the background, or for those of clients, or only if they are relayed.
fn without_effect(verb: &str, settings: &Settings) -> Vec<Warning> {
    let is_of_client = verb == "run";
    let is_left_alone = is_of_client && !settings.relay;
    let left_alone = "the server is left to its client (\"relay\": false)";
    let in_background = "only a client's messages tell whether the server is needed";
    let is_relayed = is_of_client && settings.relay;
    let is_asked = "a client asks its server itself, and run starts it again when it ends";
    let is_kept = "run starts a server again for its client, unless \"relay\" is false";
    let found = [
        ("hook.watch", left_alone, is_left_alone && !settings.watch.is_empty()),
        ("hook.idle", left_alone, is_left_alone && settings.idle_ms.is_some()),
        ("hook.idle", in_background, !is_of_client && settings.idle_ms.is_some()),
        ("hook.ready.mcp", is_asked, is_of_client && settings.ready.when == ReadyWhen::Mcp),
        ("hook.health", is_asked, is_of_client && settings.health.is_some()),
        ("hook.restart", is_kept, is_relayed && settings.restart == Restart::No),
        ("hook.restart", left_alone, is_left_alone && settings.restart == Restart::Always),
    ];
    let found = found.into_iter().filter(|(.., is_so)| *is_so);
    found.map(|(key, why, _)| Warning::NoEffect { key, why }).collect()
}

fn refuse(definition: &Definition, verb: &str, context: &ResolveContext<'_>, examined: &Examined) -> Error {
    let message = format!("could not {verb} {}", definition.name);
    let findings = findings(definition, context, examined);
    let way_out = way_out(definition, context.copy, &examined.problems);
    match &findings[..] {
        [finding] => hinted(format!("{message}: {}", finding.in_error()), way_out),
        findings => {
            let lines = findings.iter().map(|finding| finding.message.clone()).collect();
            listed(format!("{message} ({}):", codes(findings)), lines, way_out)
        }
    }
}

/// Each code once.
fn codes(findings: &[Finding]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in findings.iter().map(|finding| finding.code.name()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// What keeps a definition from being used, each thing by its code.
pub fn findings(definition: &Definition, context: &ResolveContext<'_>, examined: &Examined) -> Vec<Finding> {
    let Examined { problems, server, .. } = examined;
    let finding = |(problem, line): (&Problem, String)| {
        Finding::new(problem.code(), line).hint(way_out(definition, context.copy, std::slice::from_ref(problem)))
    };
    problems.iter().zip(server.lines(problems)).map(finding).collect()
}

fn way_out(definition: &Definition, copy: Option<&FileAt>, problems: &[Problem]) -> String {
    let (name, file) = (&definition.name, definition.file.display());
    let copy = copy.map(FileAt::path);
    let is_in_copy =
        problems.iter().any(|it| matches!(it, Problem::Config { file, .. } if Some(file) == copy.as_ref()));
    if is_in_copy {
        format!("edit the session's copy, or replace it by its source: mcp-hook start {name} --fresh")
    } else if problems.iter().any(Problem::is_unset) {
        "set it where mcp-hook is called; an MCP client may hand on only what its own \"env\" says".to_owned()
    } else if problems.iter().any(Problem::is_of_variable) {
        format!("set it where mcp-hook is called, or under \"env\" of {name} in {file}")
    } else {
        format!("{name} is defined in {file}; mcp-hook check {name} looks again and starts nothing")
    }
}
