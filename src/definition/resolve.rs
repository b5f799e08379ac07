//! From a definition to what is started.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Error, Result};

use super::config_copy::{self, Copy};
use super::entry::{Definition, Kind};
use super::examine::{self, ResolveContext};
use super::expand::{Expanded, Own};
use super::problem::{self, Problem, Warning};
use crate::disk::layout::{self, ServerPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::failure::{hinted, listed};
use crate::server::command::CommandLine;
use crate::server::environment;
use crate::server::invocation::{Invocation, Prepared};
use crate::server::secrets::Secrets;
use crate::server::settings::Settings;

/// A server that lacks nothing but a session.
pub struct Resolved {
    /// What it was made from.
    pub(super) definition: Definition,
    /// What its directory is relative to, or is.
    pub(super) base: PathBuf,
    /// The program and its arguments.
    pub(super) words: Vec<Expanded>,
    /// Variables on top of the inherited ones.
    pub(super) environment: BTreeMap<String, Expanded>,
    /// Where it is started, if the definition says it.
    pub(super) directory: Option<Expanded>,
    /// Where clients reach it.
    pub(super) url: Option<Expanded>,
    /// What must not be shown.
    pub(super) secrets: Vec<String>,
    /// What becomes of the session's copy of its configuration.
    pub(super) copy: Option<Copy>,
}

/// Expands and checks a definition that is to be started: nothing is made if anything is wrong.
///
/// # Errors
/// Everything that is wrong, in one message.
pub fn resolve(definition: &Definition, verb: &str, around: &ResolveContext<'_>) -> Result<(Resolved, Vec<Warning>)> {
    let name = &definition.name;
    if matches!(definition.kind, Kind::Remote) {
        let message =
            format!("could not {verb} {name}: {} says where it is, not what to start", definition.file.display());
        return Err(hinted(message, "give it a \"command\", or have clients reach it at its \"url\""));
    }
    let examined = examine::examine(definition, around);
    if examined.problems.is_empty() {
        return Ok((examined.server, examined.warnings));
    }
    Err(refuse(definition, verb, around, &examined.server.lines(&examined.problems), &examined.problems))
}

fn refuse(
    definition: &Definition,
    verb: &str,
    around: &ResolveContext<'_>,
    lines: &[String],
    problems: &[Problem],
) -> Error {
    let message = format!("could not {verb} {}:", definition.name);
    let way_out = way_out(definition, around, problems);
    match lines {
        [line] => hinted(format!("{message} {line}"), way_out),
        lines => listed(message, lines.to_vec(), way_out),
    }
}

fn way_out(definition: &Definition, around: &ResolveContext<'_>, problems: &[Problem]) -> String {
    let (name, file) = (&definition.name, definition.file.display());
    let in_copy = |problem: &Problem| matches!(problem, Problem::Config { file, .. } if around.copy.is_some_and(|copy| *file == copy.path()));
    if problems.iter().any(in_copy) {
        format!("edit the session's copy, or replace it by its source: mcp-hook start {name} --fresh")
    } else if problems.iter().any(Problem::is_unset) {
        "set it where mcp-hook is called; an MCP client may hand on only what its own \"env\" says".to_owned()
    } else if problems.iter().any(Problem::is_of_variable) {
        format!("set it where mcp-hook is called, or under \"env\" of {name} in {file}")
    } else {
        format!("{name} is defined in {file}; mcp-hook check {name} looks again and starts nothing")
    }
}

impl Resolved {
    /// What the user set.
    pub fn settings(&self) -> &Settings {
        &self.definition.hook.settings
    }

    /// What is wrong with it, a line for each thing, without any secret.
    pub fn lines<T: ToString>(&self, what: &[T]) -> Vec<String> {
        let secrets = Secrets::new(&self.secrets);
        what.iter().map(|it| secrets.masked(&problem::line(it))).collect()
    }

    /// The server in its session. Writes the session's copy of its configuration, if there is to be a new one.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn bind(self, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Result<Prepared> {
        if let Some(Copy::Write(content)) = &self.copy {
            config_copy::write(&layout::config_copy(&paths.configs, &self.definition.name), content)?;
        }
        let own = |own: Own| self.own(own, session, name, paths);
        let directory = self.directory.as_ref().map(|directory| self.base.join(directory.fill(&own).render(None)));
        let invocation = self.invocation(session, name, paths);
        Ok(Prepared {
            command: self.written(),
            invocation,
            directory: directory.unwrap_or(self.base),
            settings: self.definition.hook.settings,
            source: Some(self.definition.file),
        })
    }

    /// What is executed, in its session. Writes nothing.
    pub fn invocation(&self, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Invocation {
        let own = |own: Own| self.own(own, session, name, paths);
        Invocation {
            words: self.words.iter().map(|word| word.fill(&own)).collect(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), value.fill(&own))).collect(),
            url: self.url.as_ref().map(|url| url.fill(&own)),
            shown_url: self.definition.url.clone().filter(|_| self.url.as_ref().is_some_and(Expanded::is_of_caller)),
            cwd: self.cwd().map(str::to_owned),
            secrets: self.secrets.clone(),
        }
    }

    /// The value of a variable of ours.
    fn own(&self, own: Own, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> String {
        match own {
            Own::ConfigFile => layout::config_copy(&paths.configs, &self.definition.name).to_string(),
            Own::Port => String::new(),
            Own::Usual(wanted) => {
                let usual = environment::usual(session, name, paths);
                let value = usual.iter().find(|(known, _)| *known == wanted).map(|(_, value)| value.to_string_lossy());
                value.unwrap_or_default().into_owned()
            }
        }
    }

    fn cwd(&self) -> Option<&str> {
        match &self.definition.kind {
            Kind::Program { cwd, .. } => cwd.as_deref(),
            Kind::Remote => None,
        }
    }

    /// The command as it stands in the definition. A secret that stands there in plain text is not recorded either.
    fn written(&self) -> CommandLine {
        let words = match &self.definition.kind {
            Kind::Program { command, args, .. } => [command].into_iter().chain(args).collect(),
            Kind::Remote => Vec::new(),
        };
        let secrets = Secrets::new(&self.secrets);
        CommandLine::Argv(words.into_iter().map(|word| secrets.masked(word)).collect())
    }
}
