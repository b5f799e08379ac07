//! Whether servers could be started here and now, without starting them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::catalogue::{Catalogue, CatalogueEntry, DefinitionState};
use super::entry::{Definition, ServerKind};
use super::examine::{self, Examined, ResolveContext};
use super::parse::EntryContent;
use super::problem::{self, Problem, SystemProblem, Warning};
use super::resolved::Resolved;
use crate::mcp::check::finding::Level;
use crate::port::lease;
use crate::server::program::Program;
use crate::server::settings::PortChoice;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Its name, as it stands; none for what is wrong with the file as a whole.
    pub name: Option<String>,
    pub file: PathBuf,
    /// What keeps it from being started.
    pub problems: Vec<String>,
    pub warnings: Vec<String>,
    /// The way out, where it is not plain.
    #[serde(skip)]
    pub hint: Option<String>,
}

impl Checked {
    /// Nothing is known yet of `name`, or of the file as a whole.
    fn blank(name: Option<String>, file: &Path) -> Self {
        Self { name, file: file.to_owned(), problems: Vec::new(), warnings: Vec::new(), hint: None }
    }
}

/// What `check --json` prints.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    version: u32,
    servers: Vec<Checked>,
}

pub fn report(servers: Vec<Checked>) -> CheckReport {
    CheckReport { version: 1, servers }
}

/// Checks everything that would count here, and the files themselves. `definition` does it for what can be read.
pub fn all(catalogue: &Catalogue, definition: &dyn Fn(&Definition) -> Checked) -> Vec<Checked> {
    let mut all = Vec::new();
    for source in catalogue.sources() {
        if let Err(error) = &source.entries {
            all.push(Checked { problems: vec![source.shorten(error)], ..Checked::blank(None, &source.file) });
        }
    }
    for source in catalogue.sources().iter().filter(|source| !source.notes.is_empty()) {
        all.push(Checked { warnings: source.notes.clone(), ..Checked::blank(None, &source.file) });
    }
    for listed in catalogue.all() {
        if !matches!(listed.state, DefinitionState::Client | DefinitionState::Shadowed) {
            all.push(one(&listed, definition));
        }
    }
    all
}

fn one(listed: &CatalogueEntry<'_>, definition: &dyn Fn(&Definition) -> Checked) -> Checked {
    let mut checked = match listed.content {
        // Not allowed yet: it must not learn anything of this machine.
        Ok(EntryContent::Server(server)) if matches!(listed.state, DefinitionState::Refused(_)) => form(server),
        Ok(EntryContent::Server(server)) => definition(server),
        _ => Checked::blank(Some(listed.name.to_owned()), &listed.source.file),
    };
    if listed.content.is_err() {
        let file = listed.source.file.display();
        checked.hint = Some(format!("correct it in {file}; the other servers there count all the same"));
    }
    match &listed.state {
        DefinitionState::Broken(reason) => checked.problems.push(reason.clone()),
        DefinitionState::Refused(_) => {
            let broken = listed.content.as_ref().err();
            checked.problems.extend(broken.map(|error| listed.source.shorten(error)));
            checked.warnings.insert(0, Warning::NotAllowed { file: listed.source.file.clone() }.to_string());
        }
        _ => {}
    }
    checked
}

/// Checks what a definition says, but for what its variables hold and where its paths lead.
fn form(definition: &Definition) -> Checked {
    Checked {
        problems: examine::form(definition).iter().map(problem::line).collect(),
        warnings: examine::spellings(definition).iter().map(problem::line).collect(),
        ..Checked::blank(Some(definition.name.to_string()), &definition.file)
    }
}

/// Checks a definition; `port` is the one that it has already, if it runs.
pub fn definition(definition: &Definition, context: &ResolveContext<'_>, port: Option<u16>) -> Checked {
    let Examined { mut problems, warnings, server } = examine::examine(definition, context);
    if matches!(definition.kind, ServerKind::Program { .. }) {
        problems.extend(system_problems(&server, context, port).into_iter().map(Problem::System));
    }
    Checked {
        problems: server.lines(&problems),
        warnings: server.lines(&warnings),
        ..Checked::blank(Some(definition.name.to_string()), &definition.file)
    }
}

/// What only a look at the system tells, as far as the texts say where to look.
fn system_problems(server: &Resolved, context: &ResolveContext<'_>, port: Option<u16>) -> Vec<SystemProblem> {
    let mut problems = Vec::new();
    let ServerKind::Program { command: defined, cwd, .. } = &server.definition.kind else { return problems };
    let directory = match (&server.directory, cwd) {
        (Some(directory), Some(cwd)) => {
            directory.text().map(|text| ShownPath::of(&server.base, &server.base, cwd, &text))
        }
        _ => Some(ShownPath { real: server.base.clone(), shown: server.base.clone() }),
    };
    if let Some(missing) = directory.as_ref().filter(|directory| !directory.real.is_dir()) {
        problems.push(SystemProblem::NoDirectory(missing.shown.clone()));
    }
    if let (Some(command), Some(directory)) = (server.words[0].text(), directory.filter(|it| it.real.is_dir()))
        && !command.is_empty()
    {
        let path = match server.environment.get("PATH") {
            Some(own) => own.text().map(Into::into),
            None => (context.variables)("PATH"),
        };
        let ShownPath { real: directory, shown: shown_directory } = &directory;
        let program = Program { word: &command, shown: defined, directory, shown_directory, path: path.as_deref() };
        let fault = program.examine().filter(|finding| finding.level == Level::Error);
        problems.extend(fault.map(|finding| SystemProblem::Program(finding.message)));
    }
    if let Some(PortChoice::Fixed(number)) = server.settings().port.as_ref().map(|wish| wish.number)
        && port != Some(number)
    {
        problems.extend(lease::taken(number).map(|taken| SystemProblem::Port(taken.to_string())));
    }
    problems
}

/// A path, and how it is named in messages.
struct ShownPath {
    real: PathBuf,
    shown: PathBuf,
}

impl ShownPath {
    /// What stands as `defined` in a definition and means `expanded`, in a directory.
    fn of(real: &Path, shown: &Path, defined: &str, expanded: &str) -> Self {
        Self { real: real.join(expanded), shown: examine::shown(shown, defined, expanded) }
    }
}
