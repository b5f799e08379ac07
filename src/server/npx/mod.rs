//! What `npx` would run, where that is known for certain: from its cache, its configuration and the directory, by the rules
//! of npm's own sources (`libnpmexec`, `@npmcli/config`, `@npmcli/run-script`). Nothing is executed to find out.

mod cache;
mod command;
mod config;
mod environment;
mod installation;
mod local;
mod npmrc;
mod renewal;
mod tree;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use command::NpxCommand;
use config::Config;
use environment::Parts;
use installation::Installation;
use local::Project;
pub use renewal::Fetched;

use super::launch::{Direct, Doubt, Known, View, doubt};
use super::settings::LauncherPolicy;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// What `npx` would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub direct: Direct,
    /// What was fetched for it.
    pub fetched: Fetched,
    /// Whether the registry may have something newer by now.
    pub may_change: bool,
}

/// Whether a command is one of `npx` for packages of which it says no exact version.
pub fn is_inexact(words: &[String]) -> bool {
    NpxCommand::parse(words).is_some_and(|command| command.is_ok_and(|command| command.inexact().is_some()))
}

/// What a command would run; `None` if it is none of `npx`.
pub fn resolve(view: &View<'_>) -> Option<Result<Resolved, Doubt>> {
    let command = NpxCommand::parse(view.words)?;
    Some(command.and_then(|command| find(view, &command)))
}

fn find(view: &View<'_>, command: &NpxCommand) -> Known<Resolved> {
    if let Some(package) = command.inexact().filter(|_| view.policy != LauncherPolicy::Direct) {
        return doubt(format!("{} says no exact version", package.id()));
    }
    let directory = view.directory.canonicalize().or_else(|error| doubt(format!("its directory: {error}")))?;
    let path = view.text("PATH")?.unwrap_or_default();
    let npm = Installation::find(&command.npx, path, &directory)?;
    let project = Project::around(&directory)?;
    let config = Config::read(view, &npm, &project)?;
    project.check_nothing_in_front(command, &config.prefix)?;
    let found = cache::find(command, &config.cache, &npm)?;
    let (npm, project, config, directory) = (&npm, &project, &config, directory.as_path());
    let variables = environment::of(view, &Parts { command, npm, project, config, found: &found, directory })?;
    let path = variables.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value);
    cache::check_interpreter(&found.program(), path, directory)?;
    let (program, arguments) = (found.program(), command.arguments.clone());
    let fetched = Fetched::of(command, config, npm, &found)?;
    Ok(Resolved { direct: Direct { program, arguments, variables }, fetched, may_change: command.inexact().is_some() })
}

/// The content of a file, if it is there.
fn read(file: &Path) -> Known<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let result = File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content));
    match result {
        Ok(_) if content.len() as u64 <= LARGEST => Ok(Some(content)),
        Ok(_) => doubt(format!("{} is too large", file.display())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => doubt(format!("could not read {}: {error}", file.display())),
    }
}

/// The same as JSON.
fn read_json(file: &Path) -> Known<Option<Value>> {
    let Some(content) = read(file)? else { return Ok(None) };
    match serde_json::from_slice(&content) {
        Ok(value) => Ok(Some(value)),
        Err(error) => doubt(format!("could not read {}: {error}", file.display())),
    }
}

/// A path as it stands, if it is absolute and written the plain way.
fn plain_path(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let is_plain =
        path.is_absolute() && path.components().collect::<PathBuf>().as_os_str() == text && !text.contains("/../");
    is_plain.then(|| path.to_path_buf()).filter(|_| !text.ends_with("/.."))
}
