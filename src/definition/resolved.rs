//! A server with everything expanded that does not depend on a session.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use super::config_copy::{self, CopyAction};
use super::entry::{Definition, ServerKind};
use super::expand::{Expanded, OwnVariable};
use super::problem;
use crate::disk::file::{self, Source};
use crate::disk::file_at::FileAt;
use crate::disk::layout::{self, ServerPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::server::command::CommandLine;
use crate::server::environment;
use crate::server::invocation::{Invocation, Prepared};
use crate::server::secrets::Secrets;
use crate::server::settings::Settings;

/// A server that lacks nothing but a session.
pub struct Resolved {
    pub(super) definition: Definition,
    /// What its directory is relative to, or is.
    pub(super) base: PathBuf,
    pub(super) words: Vec<Expanded>,
    /// Variables on top of the inherited ones.
    pub(super) environment: BTreeMap<String, Expanded>,
    /// Where it is started, if the definition says it.
    pub(super) directory: Option<Expanded>,
    pub(super) url: Option<Expanded>,
    /// What clients send with each request to it.
    pub(super) headers: BTreeMap<String, Expanded>,
    pub(super) secrets: Vec<String>,
    pub(super) copy: Option<CopyAction>,
}

impl Resolved {
    pub fn settings(&self) -> &Settings {
        &self.definition.hook.settings
    }

    /// What is wrong with it, a line for each thing, without any secret.
    pub fn lines<T: ToString>(&self, what: &[T]) -> Vec<String> {
        let secrets = Secrets::new(&self.secrets);
        what.iter().map(|it| secrets.masked(&problem::line(it))).collect()
    }

    /// The same for another session than the one whose copy of the configuration was checked: that one gets a copy of it.
    pub fn with_copy_of(mut self, copy: Option<&FileAt>) -> Result<Self> {
        if let (Some(CopyAction::Keep), Some(copy)) = (&self.copy, copy)
            && let Some((content, _)) = file::read_from(Source::Script, copy)?
        {
            self.copy = Some(CopyAction::Write(content));
        }
        Ok(self)
    }

    /// The server in its session. Writes the session's copy of its configuration, if there is to be a new one.
    pub fn bind(self, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Result<Prepared> {
        if let Some(CopyAction::Write(content)) = &self.copy {
            config_copy::write(&layout::config_copy(&paths.configs, &self.definition.name), content)?;
        }
        let own = |own: OwnVariable| self.own(own, session, name, paths);
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
        let own = |own: OwnVariable| self.own(own, session, name, paths);
        Invocation {
            words: self.words.iter().map(|word| word.fill(&own)).collect(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), value.fill(&own))).collect(),
            withheld: Vec::new(),
            url: self.url.as_ref().map(|url| url.fill(&own)),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.fill(&own))).collect(),
            shown_url: self.definition.url.clone().filter(|_| self.url.as_ref().is_some_and(Expanded::is_of_caller)),
            cwd: self.cwd().map(str::to_owned),
            secrets: self.secrets.clone(),
        }
    }

    /// Where a server that runs elsewhere is reached, and what is sent with each request: both may hold its `secrets`.
    pub fn remote(&self) -> Option<(String, Vec<(String, String)>)> {
        let headers = self.headers.iter().filter_map(|(name, value)| Some((name.clone(), value.text()?)));
        Some((self.url.as_ref()?.text()?, headers.collect()))
    }

    /// What must not stand in any message.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    fn own(&self, own: OwnVariable, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> String {
        match own {
            OwnVariable::ConfigFile => layout::config_copy(&paths.configs, &self.definition.name).to_string(),
            OwnVariable::Port => String::new(),
            OwnVariable::Usual(wanted) => {
                let usual = environment::usual(session, name, paths);
                let value = usual.iter().find(|(known, _)| *known == wanted).map(|(_, value)| value.to_string_lossy());
                value.unwrap_or_default().into_owned()
            }
        }
    }

    fn cwd(&self) -> Option<&str> {
        match &self.definition.kind {
            ServerKind::Program { cwd, .. } => cwd.as_deref(),
            ServerKind::Remote => None,
        }
    }

    /// The command as it stands in the definition. A secret that stands there in plain text is not recorded either.
    fn written(&self) -> CommandLine {
        let secrets = Secrets::new(&self.secrets);
        CommandLine::Argv(self.definition.command_line().iter().map(|word| secrets.masked(word)).collect())
    }
}
