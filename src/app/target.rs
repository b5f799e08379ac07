//! What is to be started: what was typed, or what a file defines.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::What;
use crate::context;
use crate::definition::catalogue::Catalogue;
use crate::definition::document;
use crate::definition::entry::Definition;
use crate::definition::examine::ResolveContext;
use crate::definition::resolve;
use crate::definition::resolved::Resolved;
use crate::disk::layout::{self, ServerPaths, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::failure::hinted;
use crate::server::endpoint::Endpoint;
use crate::server::invocation::Prepared;
use crate::server::record::ServerRecord;
use crate::server::settings::Settings;
use crate::ui;

/// What the user means, with the settings that were typed.
pub enum Target {
    /// A command.
    Typed(Box<Prepared>),
    /// A definition.
    Defined(Box<Definition>),
}

/// What has been checked and lacks nothing but a name that is locked.
pub enum Startable {
    /// A command.
    Typed(Box<Prepared>),
    /// A definition that is right.
    Defined(Box<Resolved>),
}

impl What {
    /// What is meant: the command if there is one, else the definition of this name.
    ///
    /// # Errors
    /// When there is neither, or the definition cannot be used.
    pub fn wanted(&self, verb: &str) -> Result<Target> {
        match self.typed(verb)? {
            Some(typed) => Ok(typed),
            None => self.defined(verb),
        }
    }

    /// The command that was typed, if one was.
    ///
    /// # Errors
    /// When it is empty, or the working directory is gone.
    pub fn typed(&self, verb: &str) -> Result<Option<Target>> {
        if self.line.is_none() && self.words.is_empty() {
            return Ok(None);
        }
        self.prepare(verb).map(Box::new).map(Target::Typed).map(Some)
    }

    /// The definition of that name.
    ///
    /// # Errors
    /// When there is none, or it may not be used.
    pub fn defined(&self, verb: &str) -> Result<Target> {
        let Some(mut definition) = Catalogue::read().find(&self.name)? else { return Err(nothing(verb, &self.name)) };
        self.tuning.apply(&mut definition.hook.settings);
        Ok(Target::Defined(Box::new(definition)))
    }
}

fn nothing(verb: &str, name: &ServerName) -> anyhow::Error {
    let file = document::user_file().map_or_else(|_| "servers.json".into(), |file| file.display().to_string());
    let hint = format!(
        "mcp-hook {verb} {name} -- COMMAND ARGUMENT…, or define it: mcp-hook add {name} -- COMMAND ARGUMENT… (in {file})"
    );
    hinted(format!("could not {verb} {name}: no command was given, and it is not defined"), hint)
}

impl Target {
    /// What starts again what has ended: the command as it was typed, or the definition as it stands now.
    ///
    /// # Errors
    /// When the definition is gone or cannot be used.
    pub fn again(record: &ServerRecord) -> Result<Self> {
        let name = &record.name;
        let Some(file) = &record.source else {
            let (command, directory) = (record.command.clone(), record.directory.clone());
            return Ok(Self::Typed(Box::new(Prepared::typed(command, directory, record.settings.clone()))));
        };
        let gone = || {
            let message = format!("could not restart {name}: {} does not define it any more", file.display());
            hinted(message, format!("mcp-hook start {name} -- COMMAND ARGUMENT…"))
        };
        let definition = Catalogue::at(file).find(name)?.ok_or_else(gone)?;
        Ok(Self::Defined(Box::new(definition)))
    }

    /// What the user set, to be changed by what was typed.
    pub fn settings(&mut self) -> &mut Settings {
        match self {
            Self::Typed(prepared) => &mut prepared.settings,
            Self::Defined(definition) => &mut definition.hook.settings,
        }
    }

    /// Checks everything before anything is made. `session` has the copy of the configuration that counts, if there is
    /// one; `directory` is where a server is started whose definition does not say it.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn resolve(self, verb: &str, session: Option<&SessionPaths>, directory: Option<&Path>) -> Result<Startable> {
        let (startable, warnings) = self.check(verb, session, directory)?;
        for line in &warnings {
            ui::warn(line);
        }
        Ok(startable)
    }

    /// The same, with the warnings.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(
        self,
        verb: &str,
        session: Option<&SessionPaths>,
        directory: Option<&Path>,
    ) -> Result<(Startable, Vec<String>)> {
        let definition = match self {
            Self::Typed(prepared) => return Ok((Startable::Typed(prepared), Vec::new())),
            Self::Defined(definition) => definition,
        };
        let here: PathBuf = match directory {
            Some(directory) => directory.to_owned(),
            None => context::working_directory().context("could not find the working directory")?,
        };
        let copy = session.map(|session| layout::config_copy(&session.configs, &definition.name));
        let around = ResolveContext { variables: &context::variable_as_it_is, directory: &here, copy: copy.as_ref() };
        let (resolved, warnings) = resolve::resolve(&definition, verb, &around)?;
        let lines = resolved.lines(&warnings);
        Ok((Startable::Defined(Box::new(resolved)), lines))
    }
}

impl Startable {
    /// What the user set.
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
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub fn bind(self, session: &SessionId, name: &ServerName, paths: &ServerPaths) -> Result<Prepared> {
        match self {
            Self::Typed(prepared) => Ok(*prepared),
            Self::Defined(resolved) => resolved.bind(session, name, paths),
        }
    }
}
