//! A session's own copy of a server's configuration.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value as Json;

use super::entry::{Config, is_variable_name};
use super::json_path::JsonPath;
use super::problem::{ConfigProblem, Problem};
use super::requirement::{ServerEnvironment, VariableValue};
use crate::disk::file::{self, Source};
use crate::disk::file_at::FileAt;
use crate::syntax::json::{self, NotJson};

/// A larger file is no configuration, in bytes.
const LARGEST: u64 = 1 << 20;
/// At most this many problems of one file are reported.
const MOST: usize = 100;

/// What becomes of the session's copy when the server is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyAction {
    /// It is there and stays as it is.
    Keep,
    /// It is written: what was read from the source, and was found to be right.
    Write(Vec<u8>),
}

/// A configuration as it is to be used.
pub struct FoundConfig {
    /// The file that was read, as messages name it.
    pub file: PathBuf,
    pub copy: CopyAction,
    content: Json,
}

/// Reads the copy if there is one, else the source, which messages name as `shown`. Read only once: what is checked is
/// what is used.
pub fn find(source: &Path, shown: PathBuf, copy: Option<&FileAt>) -> Result<FoundConfig, Problem> {
    if let Some(copy) = copy {
        let path = copy.path();
        let read = file::read_from(Source::Script, copy);
        let read = read.map_err(|error| problem(&path, ConfigProblem::Unreadable(cause(&error, &path))))?;
        if let Some((bytes, _)) = read {
            return Ok(FoundConfig { content: parse(&path, &bytes)?, file: path, copy: CopyAction::Keep });
        }
    }
    let bytes = read_source(source).map_err(|why| problem(&shown, ConfigProblem::Unreadable(why)))?;
    Ok(FoundConfig { content: parse(&shown, &bytes)?, file: shown, copy: CopyAction::Write(bytes) })
}

/// Writes the copy: whole, closed to others, in the place of whatever is there.
pub fn write(copy: &FileAt, content: &[u8]) -> Result<()> {
    let describe = || format!("could not write {copy}");
    copy.directory.ensure().with_context(describe)?;
    file::replace(copy, content).with_context(describe)
}

/// A source may be a link and another user's; it is only read.
fn read_source(path: &Path) -> Result<Vec<u8>, String> {
    file::read_any(path, LARGEST).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        io::ErrorKind::InvalidInput => "it is not a regular file".to_owned(),
        io::ErrorKind::FileTooLarge => format!("it has more than {LARGEST} bytes"),
        _ => format!("it could not be read: {error}"),
    })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Json, Problem> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let why = format!("it is not valid UTF-8 at byte {}", error.valid_up_to());
        problem(path, ConfigProblem::Unreadable(why))
    })?;
    json::read_strictly(text)
        .map_err(|NotJson { what, line, column }| problem(path, ConfigProblem::Syntax { line, column, what }))
}

fn problem(file: &Path, what: ConfigProblem) -> Problem {
    Problem::Config { file: file.to_owned(), what }
}

/// An error without the file that it is about.
fn cause(error: &anyhow::Error, path: &Path) -> String {
    let text = format!("{error:#}");
    let described = format!("could not read {}: ", path.display());
    text.strip_prefix(&described).map(str::to_owned).unwrap_or(text)
}

/// The paths of a definition, as they stand in it.
pub struct ConfigPaths {
    required: Vec<JsonPath>,
    env: Vec<JsonPath>,
}

impl ConfigPaths {
    pub fn parse(config: &Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let required = parse_paths("required", &config.required, &mut problems);
        let env = parse_paths("env", &config.env, &mut problems);
        if problems.is_empty() { Ok(Self { required, env }) } else { Err(problems) }
    }

    /// Checks what a configuration says: what is wrong, and the variables that it names, whose values are secret.
    pub fn check(&self, found: &FoundConfig, environment: &ServerEnvironment<'_>) -> (Vec<Problem>, Vec<String>) {
        let mut problems: Vec<Problem> = Vec::new();
        let mut known: HashSet<ConfigProblem> = HashSet::new();
        let mut add = |what: ConfigProblem| {
            if known.len() < MOST && known.insert(what.clone()) {
                problems.push(problem(&found.file, what));
            }
        };
        for place in self.required.iter().flat_map(|pattern| pattern.find(&found.content)) {
            if place.value.is_none() {
                add(ConfigProblem::Missing(place.path));
            }
        }
        let mut names = Vec::new();
        for place in self.env.iter().flat_map(|pattern| pattern.find(&found.content)) {
            match place.value.map(|value| named(place.path.clone(), value, environment)) {
                None => add(ConfigProblem::Missing(place.path)),
                Some(Err(what)) => add(what),
                Some(Ok(name)) => names.push(name),
            }
        }
        (problems, names)
    }
}

fn parse_paths(key: &str, texts: &[String], problems: &mut Vec<Problem>) -> Vec<JsonPath> {
    let mut paths = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(path) => paths.push(path),
            Err(why) => {
                let place = format!("hook.config.{key}[{index}]");
                problems.push(Problem::Pattern { place, text: text.clone(), why });
            }
        }
    }
    paths
}

/// The variable that a configuration names, if it has a value.
fn named(path: String, value: &Json, environment: &ServerEnvironment<'_>) -> Result<String, ConfigProblem> {
    let Some(name) = value.as_str().filter(|name| is_variable_name(name)) else {
        return Err(ConfigProblem::NotAName(path));
    };
    let value = environment.value(name);
    if !matches!(value, VariableValue::Unset | VariableValue::Empty) {
        return Ok(name.to_owned());
    }
    // It may be the password itself, written in place of its variable.
    let is_shown = !name.chars().any(|character| character.is_ascii_lowercase());
    Err(ConfigProblem::Names { path, name: is_shown.then(|| name.to_owned()), is_empty: value == VariableValue::Empty })
}
