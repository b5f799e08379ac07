//! What is to be started: a command that was typed, or what a file defines.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::overrides::Overrides;
use super::unstarted::Unstarted;
use crate::context;
use crate::definition::catalogue::Catalogue;
use crate::definition::entry::Definition;
use crate::definition::examine::ResolveContext;
use crate::definition::resolve;
use crate::definition::resolved::Resolved;
use crate::disk::layout::{self, ServerPaths, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::server::command::CommandLine;
use crate::server::endpoint::Endpoint;
use crate::server::invocation::Prepared;
use crate::server::record::ServerRecord;
use crate::server::settings::Settings;

/// What is meant, not checked yet.
pub enum Target {
    Typed(Box<Prepared>),
    Defined(Box<Definition>),
}

/// What has been checked and lacks nothing but a free name.
pub enum ResolvedTarget {
    Typed(Box<Prepared>),
    Defined(Box<Resolved>),
}

impl Target {
    /// A command, to be run in the working directory.
    pub fn typed(command: CommandLine, overrides: &Overrides) -> Result<Self> {
        let directory = context::working_directory().context("could not find the working directory")?;
        let mut prepared = Prepared::typed(command, directory, Settings::default());
        overrides.apply(&mut prepared.settings);
        Ok(Self::Typed(Box::new(prepared)))
    }

    /// The definition of this name.
    pub fn defined(name: &ServerName, overrides: &Overrides) -> Result<Self, Unstarted> {
        let mut definition = Catalogue::read().find(name)?.ok_or(Unstarted::Undefined { is_known: false })?;
        overrides.apply(&mut definition.hook.settings);
        Ok(Self::Defined(Box::new(definition)))
    }

    /// What starts again what has ended: the command as it was typed, or the definition as it stands now.
    pub fn again(record: &ServerRecord) -> Result<Self, Unstarted> {
        let Some(file) = &record.source else {
            let (command, directory) = (record.command.clone(), record.directory.clone());
            return Ok(Self::Typed(Box::new(Prepared::typed(command, directory, record.settings.clone()))));
        };
        let definition = Catalogue::at(file).find(&record.name)?;
        let definition = definition.ok_or_else(|| Unstarted::NoLongerDefined(file.clone()))?;
        Ok(Self::Defined(Box::new(definition)))
    }

    /// Checks everything before anything is made, and returns the warnings too. `session` has the copy of the configuration
    /// that counts, if there is one; `directory` is where a server is started whose definition does not say it.
    pub fn resolve(
        self,
        verb: &str,
        session: Option<&SessionPaths>,
        directory: Option<&Path>,
    ) -> Result<(ResolvedTarget, Vec<String>)> {
        let definition = match self {
            Self::Typed(prepared) => return Ok((ResolvedTarget::Typed(prepared), Vec::new())),
            Self::Defined(definition) => definition,
        };
        let here: PathBuf = match directory {
            Some(directory) => directory.to_owned(),
            None => context::working_directory().context("could not find the working directory")?,
        };
        let copy = session.map(|session| layout::config_copy(&session.configs, &definition.name));
        let resolve_context =
            ResolveContext { variables: &context::variable_as_it_is, directory: &here, copy: copy.as_ref() };
        let (resolved, warnings) = resolve::resolve(&definition, verb, &resolve_context)?;
        let warnings = resolved.lines(&warnings);
        Ok((ResolvedTarget::Defined(Box::new(resolved)), warnings))
    }
}

impl ResolvedTarget {
    pub fn settings(&self) -> &Settings {
        match self {
            Self::Typed(prepared) => &prepared.settings,
            Self::Defined(resolved) => resolved.settings(),
        }
    }

    /// What is recorded of its port.
    pub fn port(&self, number: u16, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Endpoint {
        match self {
            Self::Typed(prepared) => prepared.invocation.port(number),
            Self::Defined(resolved) => resolved.invocation(session, name, paths).port(number),
        }
    }

    /// The server under its name, which is locked. Writes the session's copy of its configuration if need be.
    pub fn bind(self, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Result<Prepared> {
        match self {
            Self::Typed(prepared) => Ok(*prepared),
            Self::Defined(resolved) => resolved.bind(session, name, paths),
        }
    }
}
