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
use super::watched::{self, watched};
use crate::disk::file_at::FileAt;
use crate::server::secret_encodings::SHORTEST;
use crate::text::excerpt::excerpt;

/// Where a definition is resolved.
pub struct ResolveContext<'a> {
    /// The caller's environment.
    pub variables: Variables<'a>,
    /// Where the user's servers are started unless their definition says otherwise.
    pub directory: &'a Path,
    /// The session's copy of the configuration, if it is to be used.
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
    headers: BTreeMap<String, Expanded>,
    source: Option<Expanded>,
    watch: Vec<Expanded>,
}

/// Expands and checks everything that a definition says. Nothing is written.
pub fn examine(definition: &Definition, context: &ResolveContext<'_>) -> Examined {
    let defaults = defaults(definition, context.variables);
    let hook = &definition.hook;
    let values = Values::of(definition, context.variables, &defaults);
    let mut expander = Expander::new(values);
    let texts = Texts::expand(definition, &mut expander);
    let mut problems = expander.problems();
    let environment = ServerEnvironment { own: &texts.environment, values };
    let mut warnings = requirements(&hook.variables, &environment, &mut problems);

    let listed_secrets = hook.variables.iter().filter(|variable| variable.is_secret);
    let mut secrets: Vec<String> = listed_secrets.map(|variable| variable.name.clone()).collect();
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
    for (place, text) in texts.watch.iter().enumerate() {
        problems.extend(secret_in(&watched::place(place), text, &secrets));
    }
    let (watch, missing) = watched(definition, &texts.watch, directory_of(definition));
    warnings.extend(missing);
    warnings.extend(short_secrets(&secrets, &environment));
    warnings.extend(spellings(definition));
    let mut resolved = definition.clone();
    resolved.hook.settings.watch = watch;
    let server = Resolved {
        secrets: secret_values(&secrets, &environment),
        definition: resolved,
        base: base_directory(definition, context.directory, texts.directory.is_some()),
        words: texts.words,
        environment: with_defaults(texts.environment, &defaults, hook.config.is_some()),
        directory: texts.directory,
        url: texts.url,
        headers: texts.headers,
        copy,
    };
    Examined { problems: without_repetition(problems, &hook.variables), warnings, server }
}

/// What is wrong with a definition whatever its variables hold. Nothing is looked up anywhere.
pub fn form(definition: &Definition) -> Vec<Problem> {
    let anything = |_: &str| Some(OsString::from("anything"));
    let no_defaults = BTreeMap::new();
    let mut expander = Expander::new(Values::of(definition, &anything, &no_defaults));
    Texts::expand(definition, &mut expander);
    let mut problems = expander.problems();
    if let Some(Err(wrong)) = definition.hook.config.as_ref().map(ConfigPaths::parse) {
        problems.extend(wrong);
    }
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
            directory = cwd.as_ref().map(|cwd| expand_early(expander, "cwd", cwd, |own| own == OwnVariable::Port));
        }
        let url = definition.url.as_ref().map(|url| expander.expand("url", url));
        let headers = definition.headers.iter();
        let headers =
            headers.map(|(name, text)| (name.clone(), expander.expand(&join("headers", name), text))).collect();
        let config = definition.hook.config.as_ref();
        let source = config.map(|config| expand_early(expander, "hook.config.source", &config.source, |_| true));
        let watched = definition.hook.settings.watch.iter().enumerate();
        let watch =
            watched.map(|(index, text)| expand_early(expander, &watched::place(index), text, |_| true)).collect();
        Self { words, environment, directory, url, headers, source, watch }
    }
}

/// Expands a text that is needed before the variables of ours that `is_missing` names have a value.
fn expand_early(
    expander: &mut Expander<'_>,
    place: &str,
    text: &str,
    is_missing: impl Fn(OwnVariable) -> bool,
) -> Expanded {
    let mut result = expander.expand(place, text);
    if let Some(own) = result.gap(is_missing) {
        expander.refuse(Problem::TooEarly { place: place.to_owned(), name: own.name() });
        result.is_broken = true;
    }
    result
}

/// The listed variables that have their default because neither the definition nor the caller sets them.
fn defaults(definition: &Definition, variables: Variables<'_>) -> BTreeMap<String, String> {
    let mut defaults = BTreeMap::new();
    for Variable { name, default, .. } in &definition.hook.variables {
        let is_inherited = variables(name).is_some_and(|value| !value.is_empty());
        if let Some(default) = default
            && !is_inherited
            && !definition.sets(name)
        {
            defaults.insert(name.clone(), default.clone());
        }
    }
    defaults
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

/// The working directory, or what it is relative to if `is_set`: for a project's servers the project, for the user's where
/// mcp-hook is called.
fn base_directory(definition: &Definition, here: &Path, is_set: bool) -> PathBuf {
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

/// A secret in a path is a problem: paths are recorded and shown.
fn secret_in(place: &str, text: &Expanded, secrets: &[String]) -> Option<Problem> {
    let secrets: HashSet<&String> = secrets.iter().collect();
    let name = text.variables.iter().find(|name| secrets.contains(name))?.clone();
    Some(Problem::SecretPath { place: place.to_owned(), name })
}

/// Texts that mean something else to other programs.
pub fn spellings(definition: &Definition) -> Vec<Warning> {
    let found = spelling::all(definition).into_iter();
    found.map(|(place, text, spelling)| Warning::Spelling { place, text, spelling }).collect()
}

/// The secrets that are too short to be masked.
fn short_secrets(secrets: &[String], environment: &ServerEnvironment<'_>) -> Vec<Warning> {
    let is_short =
        |name: &&String| matches!(environment.value(name), VariableValue::Text(text) if text.len() < SHORTEST);
    let mut names: Vec<&String> = secrets.iter().filter(is_short).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| Warning::ShortSecret { name: name.clone() }).collect()
}

/// The values of the variables `secrets`.
fn secret_values(secrets: &[String], environment: &ServerEnvironment<'_>) -> Vec<String> {
    let mut values: Vec<String> = secrets.iter().flat_map(|name| environment.value(name).texts()).collect();
    values.retain(|text| !text.is_empty());
    values.sort_unstable();
    values.dedup();
    values
}

/// The variables that the definition sets, and those that it gets without naming them.
fn with_defaults(
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

/// The same problems, each unset variable once, with its description.
fn without_repetition(problems: Vec<Problem>, listed: &[Variable]) -> Vec<Problem> {
    // Of two with one name the first counts.
    let in_order = listed.iter().rev().map(|variable| (variable.name.as_str(), &variable.description));
    let descriptions: HashMap<&str, &Option<String>> = in_order.collect();
    let (mut unset, mut known) = (HashSet::new(), HashSet::new());
    let mut all: Vec<Problem> = Vec::new();
    for mut problem in problems {
        if let Problem::Unset { name, description, .. } = &mut problem {
            if !unset.insert(name.clone()) {
                continue;
            }
            *description = descriptions.get(name.as_str()).and_then(|description| (*description).clone());
        }
        if known.insert(problem.clone()) {
            all.push(problem);
        }
    }
    all
}
