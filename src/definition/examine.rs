//! Expanding and checking everything that a definition says, before anything is made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::config_copy::{self, ConfigPaths, FoundConfig};
use super::document;
use super::entry::{Config, Definition, ServerKind, Variable};
use super::expand::{Expanded, Expander, OwnVariable, Values, Variables};
use super::problem::{Problem, Warning};
use super::reader::join;
use super::requirement::{self, ServerEnvironment, VariableValue};
use super::resolved::Resolved;
use super::spelling;
use crate::disk::file_at::FileAt;
use crate::server::secret_encodings::SHORTEST;
use crate::text::excerpt::excerpt;

/// Where a definition is resolved.
pub struct ResolveContext<'a> {
    pub variables: Variables<'a>,
    /// Where a server is started if nothing else says it.
    pub directory: &'a Path,
    /// The session's copy of the configuration, if it counts.
    pub copy: Option<&'a FileAt>,
}

pub struct Examined {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Warning>,
    /// The server; to be started only without problems.
    pub server: Resolved,
}

struct Texts {
    words: Vec<Expanded>,
    environment: BTreeMap<String, Expanded>,
    directory: Option<Expanded>,
    url: Option<Expanded>,
    source: Option<Expanded>,
}

/// Expands and checks everything that a definition says. Nothing is written.
pub fn examine(definition: &Definition, context: &ResolveContext<'_>) -> Examined {
    let defaults = defaults(definition, context.variables);
    let hook = &definition.hook;
    let (has_port, has_config) = (hook.settings.port.is_some(), hook.config.is_some());
    let values = Values { variables: context.variables, defaults: &defaults, has_port, has_config };
    let mut expander = Expander::new(values);
    let texts = Texts::expand(definition, &mut expander);
    let mut problems = expander.problems();
    let environment = ServerEnvironment { own: &texts.environment, values };
    let mut warnings = requirements(&hook.variables, &environment, &mut problems);

    let listed = hook.variables.iter().filter(|variable| variable.is_secret).map(|variable| variable.name.clone());
    let mut secrets: Vec<String> = listed.collect();
    let mut copy = None;
    if let Some(config) = &hook.config {
        match configuration(definition, config, &texts, &secrets, context.copy) {
            Ok((paths, found)) => {
                let (wrong, named) = paths.check(&found, &environment);
                problems.extend(wrong);
                secrets.extend(named);
                copy = Some(found.copy);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    problems.extend(texts.directory.as_ref().and_then(|text| secret_in("cwd", text, &secrets)));
    warnings.extend(short(&secrets, &environment));
    warnings.extend(spellings(definition));
    let server = Resolved {
        secrets: hidden(&secrets, &environment),
        definition: definition.clone(),
        base: base(definition, context.directory, texts.directory.is_some()),
        words: texts.words,
        environment: complete(texts.environment, &defaults, has_config),
        directory: texts.directory,
        url: texts.url,
        copy,
    };
    Examined { problems: together(problems, &hook.variables), warnings, server }
}

/// What is wrong with the form of a definition, whatever its variables hold: nothing is looked up anywhere.
pub fn form(definition: &Definition) -> Vec<Problem> {
    let anything = |_: &str| Some(OsString::from("anything"));
    let hook = &definition.hook;
    let (has_port, has_config) = (hook.settings.port.is_some(), hook.config.is_some());
    let values = Values { variables: &anything, defaults: &BTreeMap::new(), has_port, has_config };
    let mut expander = Expander::new(values);
    Texts::expand(definition, &mut expander);
    let mut problems = expander.problems();
    problems.extend(hook.config.as_ref().and_then(|config| ConfigPaths::parse(config).err()).into_iter().flatten());
    problems
}

impl Texts {
    fn expand(definition: &Definition, expander: &mut Expander<'_>) -> Self {
        let mut words = Vec::new();
        let mut environment = BTreeMap::new();
        let mut directory = None;
        if let ServerKind::Program { command, args, env, cwd } = &definition.kind {
            words.push(expander.expand("command", command));
            if words[0].text().is_some_and(|command| command.is_empty()) {
                expander.refuse(Problem::NoCommand);
            }
            words.extend(args.iter().enumerate().map(|(index, arg)| expander.expand(&format!("args[{index}]"), arg)));
            environment =
                env.iter().map(|(name, text)| (name.clone(), expander.expand(&join("env", name), text))).collect();
            directory = cwd.as_ref().map(|cwd| known(expander, "cwd", cwd, |own| own == OwnVariable::Port));
        }
        let url = definition.url.as_ref().map(|url| expander.expand("url", url));
        for (name, text) in &definition.headers {
            expander.expand(&join("headers", name), text);
        }
        let config = definition.hook.config.as_ref();
        let source = config.map(|config| known(expander, "hook.config.source", &config.source, |_| true));
        Self { words, environment, directory, url, source }
    }
}

/// Expands a text where some variables of ours have no value yet.
fn known(expander: &mut Expander<'_>, place: &str, text: &str, is_early: impl Fn(OwnVariable) -> bool) -> Expanded {
    let mut result = expander.expand(place, text);
    if let Some(own) = result.gap(is_early) {
        expander.refuse(Problem::TooEarly { place: place.to_owned(), name: own.name() });
        result.is_broken = true;
    }
    result
}

/// The listed variables that have their default because neither the definition nor the caller sets them.
fn defaults(definition: &Definition, variables: Variables<'_>) -> BTreeMap<String, String> {
    let is_inherited = |name: &str| variables(name).is_some_and(|value| !value.is_empty());
    let is_own = |name: &str| match &definition.kind {
        ServerKind::Program { env, .. } => env.contains_key(name),
        ServerKind::Remote => false,
    };
    let listed = definition.hook.variables.iter();
    let unset = listed.filter(|variable| !is_own(&variable.name) && !is_inherited(&variable.name));
    unset.filter_map(|variable| Some((variable.name.clone(), variable.default.clone()?))).collect()
}

fn requirements(listed: &[Variable], environment: &ServerEnvironment<'_>, problems: &mut Vec<Problem>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for variable in listed {
        match requirement::examine(variable, &environment.value(&variable.name)) {
            Ok(warning) => warnings.extend(warning),
            Err(mut problem) => {
                if let Problem::Choice { value, .. } = &mut problem
                    && !environment.is_as_defined(&variable.name)
                {
                    *value = None;
                }
                problems.push(problem);
            }
        }
    }
    warnings
}

/// The configuration and the paths into it, unless something is wrong that has not been reported yet.
fn configuration(
    definition: &Definition,
    config: &Config,
    texts: &Texts,
    secrets: &[String],
    copy: Option<&FileAt>,
) -> Result<(ConfigPaths, FoundConfig), Vec<Problem>> {
    let paths = ConfigPaths::parse(config);
    let source = texts.source.as_ref().map(|text| match secret_in("hook.config.source", text, secrets) {
        Some(problem) => Err(vec![problem]),
        None => Ok(text.text()),
    });
    let Some(source) = source.transpose()?.flatten() else {
        return Err(paths.err().unwrap_or_default());
    };
    let base = directory_of(definition);
    let shown = shown(base, &config.source, &source);
    let found = config_copy::find(&base.join(source), shown, copy).map_err(|problem| vec![problem]);
    match (paths, found) {
        (Ok(paths), Ok(found)) => Ok((paths, found)),
        (paths, found) => Err([paths.err(), found.err()].into_iter().flatten().flatten().collect()),
    }
}

fn directory_of(definition: &Definition) -> &Path {
    definition.file.parent().unwrap_or(Path::new("/"))
}

/// What the working directory is relative to, or is. A project's servers are at home in the project, the user's where the
/// user is.
fn base(definition: &Definition, here: &Path, is_set: bool) -> PathBuf {
    if is_set || document::is_of_project(&definition.file) {
        directory_of(definition).to_owned()
    } else {
        here.to_owned()
    }
}

/// A path as it is named in messages: what a variable holds is not shown, only its name.
pub fn shown(base: &Path, defined: &str, expanded: &str) -> PathBuf {
    let defined = excerpt(defined);
    let path = if Path::new(expanded).is_absolute() { PathBuf::from(&*defined) } else { base.join(&*defined) };
    // Without the `.` that are in it.
    path.components().collect()
}

/// Paths are recorded and shown.
fn secret_in(place: &str, text: &Expanded, secrets: &[String]) -> Option<Problem> {
    let secrets: HashSet<&String> = secrets.iter().collect();
    let name = text.variables.iter().find(|name| secrets.contains(name))?.clone();
    Some(Problem::SecretPath { place: place.to_owned(), name })
}

/// What other programs would put something else for.
pub fn spellings(definition: &Definition) -> Vec<Warning> {
    let warning = |(place, text, spelling)| Warning::Spelling { place, text, spelling };
    spelling::all(definition).into_iter().map(warning).collect()
}

/// The secrets that are too short to be masked.
fn short(secrets: &[String], environment: &ServerEnvironment<'_>) -> Vec<Warning> {
    let is_short =
        |name: &&String| matches!(environment.value(name), VariableValue::Text(text) if text.len() < SHORTEST);
    let mut names: Vec<&String> = secrets.iter().filter(is_short).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Warning::ShortSecret { name: name.clone() }).collect()
}

/// The values of the variables `secrets`.
fn hidden(secrets: &[String], environment: &ServerEnvironment<'_>) -> Vec<String> {
    let mut hidden: Vec<String> = secrets.iter().flat_map(|name| environment.value(name).texts()).collect();
    hidden.retain(|text| !text.is_empty());
    hidden.sort_unstable();
    hidden.dedup();
    hidden
}

/// What is set for the server: what its definition says, and what it gets without saying it.
fn complete(
    mut environment: BTreeMap<String, Expanded>,
    defaults: &BTreeMap<String, String>,
    has_config: bool,
) -> BTreeMap<String, Expanded> {
    environment.extend(defaults.iter().map(|(name, value)| (name.clone(), Expanded::literal(value))));
    if has_config {
        environment.insert(OwnVariable::ConfigFile.name().to_owned(), Expanded::own(OwnVariable::ConfigFile));
    }
    environment
}

/// The same problems, each variable once, with what the definition says of it.
fn together(problems: Vec<Problem>, listed: &[Variable]) -> Vec<Problem> {
    let said = listed.iter().rev().map(|variable| (variable.name.as_str(), &variable.description));
    let said: HashMap<&str, &Option<String>> = said.collect();
    let (mut unset, mut known) = (HashSet::new(), HashSet::new());
    let mut all: Vec<Problem> = Vec::new();
    for mut problem in problems {
        if let Problem::Unset { name, description, .. } = &mut problem {
            if !unset.insert(name.clone()) {
                continue;
            }
            *description = said.get(name.as_str()).and_then(|description| (*description).clone());
        }
        if known.insert(problem.clone()) {
            all.push(problem);
        }
    }
    all
}
