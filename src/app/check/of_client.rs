//! The servers in a client's files, each as the client would start it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::definitions::file_of_user;
use super::remark;
use super::subject::{self, Goal, Subject};
use crate::app::target::ResolvedTarget;
use crate::client::dialect::Values;
use crate::client::entry::{EntryState, ServerEntry, Unwrappable};
use crate::client::file::{self, ClientFile, FileContent};
use crate::client::launch::{self, Launch, Reading, Start};
use crate::client::place::Places;
use crate::client::scope::Scope;
use crate::client::table::{Client, PathOfClient};
use crate::context;
use crate::definition::allowed::{self, Permission};
use crate::definition::document::{self, Document};
use crate::disk::layout::SessionPaths;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::mcp::check::finding::{Code, Finding, Level};
use crate::server::command::CommandLine;
use crate::server::invocation::{Prepared, Text};
use crate::server::program::Program;
use crate::server::settings::Settings;
use crate::syntax::Syntax;

/// The servers of these names in the client's files, or all. Where several files have one of a name, the nearest one counts.
pub fn subjects(client: &'static Client, names: &[ServerName], session: Option<&SessionPaths>) -> Result<Vec<Subject>> {
    let places = Places::here()?;
    let files = file::find(&[client], &places);
    if files.is_empty() {
        let hint = "mcp-hook clients shows those that are found";
        return Err(hinted(format!("could not check the servers of {}: no file of it was found", client.name), hint));
    }
    let mut subjects = Vec::new();
    let mut entries: Vec<(&ClientFile, &FileContent, &ServerEntry)> = Vec::new();
    for file in &files {
        match &file.content {
            Ok(content) if client.syntax != Syntax::Yaml => {
                entries.extend(content.entries.iter().map(|entry| (file, content, entry)));
            }
            content => subjects.push(unread(file, content.as_ref().err())),
        }
    }
    let known = |name: &ServerName| entries.iter().any(|(_, _, entry)| is_called(entry, name));
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let message = format!("could not check {name}: {} has no server of this name", client.name);
        return Err(hinted(message, format!("mcp-hook clients {} shows those it has", client.id)));
    }
    let directory = context::working_directory().context("could not find the working directory")?;
    let here = Here { client, session, home: &places.home, directory };
    let mut nearest: HashMap<&str, u8> = HashMap::new();
    for (_, _, entry) in &entries {
        let rank = rank(entry.scope);
        nearest.entry(&entry.name).and_modify(|known| *known = rank.min(*known)).or_insert(rank);
    }
    for &(file, content, entry) in &entries {
        let counts = nearest[entry.name.as_str()] == rank(entry.scope);
        if counts && (names.is_empty() || names.iter().any(|name| is_called(entry, name))) {
            subjects.push(here.subject(file, content, entry)?);
        }
    }
    Ok(subjects)
}

fn is_called(entry: &ServerEntry, name: &ServerName) -> bool {
    entry.name == name.as_str() || ServerName::from_label(&entry.name) == *name
}

/// Whose entry counts where several have one name.
fn rank(scope: Scope) -> u8 {
    match scope {
        Scope::Local => 0,
        Scope::Project => 1,
        Scope::User => 2,
    }
}

fn unread(file: &ClientFile, error: Option<&String>) -> Subject {
    let finding = match error {
        Some(error) => Finding::new(Code::InvalidDefinition, error.clone())
            .hint(format!("correct it: {} does not read it either", file.client.name)),
        None => Finding::new(Code::NotAsked, "it is written in YAML, which mcp-hook does not read")
            .hint("mcp-hook check --connect -- COMMAND asks a server in it"),
    };
    Subject::refused(file.path.display().to_string(), finding)
}

/// Where the client is started.
struct Here<'a> {
    client: &'static Client,
    session: Option<&'a SessionPaths>,
    home: &'a Path,
    directory: PathBuf,
}

impl Here<'_> {
    fn subject(&self, file: &ClientFile, content: &FileContent, entry: &ServerEntry) -> Result<Subject> {
        let (name, shown) = (entry.name.clone(), file.path.display());
        if entry.is_disabled {
            let message = format!("{} does not use it: it is disabled in {shown}", self.client.name);
            let finding = Finding { level: Level::Info, ..Finding::new(Code::NotAsked, message) };
            return Ok(Subject::refused(name, finding));
        }
        if entry.scope == Scope::Project && !is_allowed(file, content) {
            return Ok(Subject::refused(name, not_allowed(file)));
        }
        let (home, workspace) = (self.home.to_string_lossy(), self.directory.to_string_lossy());
        let variable = |name: &str| context::variable_as_it_is(name)?.into_string().ok();
        let values = Values { variable: &variable, home: &home, workspace: &workspace };
        match launch::read(self.client, &content.text, entry, &values) {
            Some(reading) => self.launched(name, reading),
            None => Ok(Subject::refused(name, unusable(file, &entry.state))),
        }
    }

    fn launched(&self, name: String, reading: Reading) -> Result<Subject> {
        let Reading { launch, remarks, secrets } = reading;
        let mut findings: Vec<Finding> = remarks.iter().map(|it| remark::finding(it, self.client)).collect();
        let is_refused = findings.iter().any(|it| it.level == Level::Error || it.code == Code::NotAsked);
        let subject = match launch {
            _ if is_refused => Subject::new(name, Vec::new(), None),
            Launch::Defined(defined) => {
                let defined = ServerName::from_label(&defined);
                match subject::defined(std::slice::from_ref(&defined), self.session) {
                    Ok(mut subjects) if !subjects.is_empty() => Subject { name, ..subjects.swap_remove(0) },
                    _ => Subject::refused(name, undefined(&defined)),
                }
            }
            Launch::Remote { url, headers } => Subject { name, ..subject::at(&url, headers, &secrets) },
            Launch::Command(start) => {
                findings.extend(self.examine(&start));
                let is_startable = findings.iter().all(|it| it.level != Level::Error);
                if is_startable { self.started(name, start, secrets)? } else { Subject::new(name, Vec::new(), None) }
            }
        };
        findings.extend(subject.findings);
        Ok(Subject { findings, ..subject })
    }

    /// What only the client's surroundings keep from being started.
    fn examine(&self, start: &Start) -> Option<Finding> {
        let outer = start.hook.as_ref().unwrap_or(&start.words[0]);
        let (directory, own) = (self.directory.as_path(), context::variable_as_it_is("PATH"));
        let found = |path: Option<&OsStr>| {
            let program = Program { word: outer, shown: outer, directory, shown_directory: directory, path };
            program.examine().filter(|finding| finding.level == Level::Error)
        };
        let here = found(own.as_deref());
        if start.hook.is_some() && here.is_some() {
            return here;
        }
        let desktop = Some(OsStr::new(DESKTOP_PATH));
        let is_missing = self.client.path == PathOfClient::OfDesktop && found(desktop).is_some();
        let message = format!("{} is started by the desktop, whose PATH may not lead to {outer}", self.client.name);
        let finding = Finding::new(Code::NotFound, message).lenient();
        (is_missing && here.is_none()).then(|| finding.hint("give its full path as \"command\""))
    }

    fn started(&self, name: String, start: Start, secrets: Vec<String>) -> Result<Subject> {
        let written = CommandLine::from_words(start.written.into_iter().map(Into::into).collect())?;
        let base = match self.client.path {
            PathOfClient::OfShell => &self.directory,
            // What it is there is not documented: on macOS it is this.
            PathOfClient::OfDesktop => Path::new("/"),
        };
        let directory = start.directory.as_ref().map_or_else(|| base.to_owned(), |it| base.join(it));
        let mut prepared = Prepared::typed(written, directory, Settings::default());
        let invocation = &mut prepared.invocation;
        let inheritance = self.client.inheritance;
        let workspace = self.directory.to_string_lossy();
        let added = inheritance.additions(&workspace).map(|(name, value)| (name.to_owned(), value));
        let environment = added.into_iter().chain(start.environment);
        invocation.words = start.words.iter().map(|word| Text::from(word.as_str())).collect();
        invocation.environment = environment.map(|(name, value)| (name, Text::from(value.as_str()))).collect();
        let names = context::variable_names().into_iter();
        invocation.withheld = names.filter(|name| !inheritance.hands_on(name, &start.named)).collect();
        invocation.secrets = secrets;
        let withheld = invocation.withheld.iter();
        let if_mentioned = withheld.map(|name| (name.clone(), remark::withheld(name, self.client))).collect();
        let target = ResolvedTarget::Typed(Box::new(prepared));
        let goal = Some(Goal::Start(ServerName::from_label(&name), target));
        Ok(Subject { name, findings: Vec::new(), goal, if_mentioned })
    }
}

/// Where a desktop looks for programs at least.
const DESKTOP_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a project's file says is a stranger's word until its user has allowed it.
fn is_allowed(file: &ClientFile, content: &FileContent) -> bool {
    let document = Document { file: file.path.clone(), text: content.text.clone() };
    document::is_of_project(&file.path) && allowed::of(&document) == Permission::Allowed
}

fn not_allowed(file: &ClientFile) -> Finding {
    let shown = file.path.display();
    let message = format!("{shown} is a project's file that has not been allowed, so nothing in it is started");
    let finding = Finding::new(Code::NotAllowed, message);
    if document::is_of_project(&file.path) {
        finding.hint("look at the file, then: mcp-hook allow")
    } else {
        finding.hint("look at the file, then ask the command itself: mcp-hook check --connect -- COMMAND")
    }
}

fn unusable(file: &ClientFile, state: &EntryState) -> Finding {
    match state {
        EntryState::Unwrappable(
            why @ (Unwrappable::CallsHook(_) | Unwrappable::StartsHook(_) | Unwrappable::StartsClient(..)),
        ) => Finding::new(Code::NotAsked, why.to_string())
            .hint("mcp-hook check --connect -- COMMAND asks it all the same"),
        EntryState::Unwrappable(why) => Finding::new(Code::InvalidDefinition, format!("its entry is wrong: {why}"))
            .hint(format!("correct it in {}", file.path.display())),
        _ => Finding::new(Code::InvalidDefinition, "its entry has neither a command nor an address")
            .hint(format!("correct it in {}", file.path.display())),
    }
}

fn undefined(name: &ServerName) -> Finding {
    Finding::new(Code::InvalidDefinition, format!("it is started by mcp-hook run {name}, which is not defined"))
        .hint(format!("mcp-hook add {name} -- COMMAND defines it in {}", file_of_user()))
}
