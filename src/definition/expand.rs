//! What the variables in the texts of a definition stand for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;

use super::entry::Definition;
use super::problem::Problem;
use super::template::{Part, Template};
use crate::server::invocation::{self, Text};

/// The value of a variable where mcp-hook was called; `None` if it is not set.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A variable whose value mcp-hook itself sets for a server, once it has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnVariable {
    /// `MCP_PORT`: only known, and known anew, when it is started.
    Port,
    /// `MCP_CONFIG_FILE`: the session's copy of the configuration.
    ConfigFile,
    Usual(&'static str),
}

/// What every server has in its environment, and a definition may use.
const USUAL: [&str; 5] = ["MCP_SESSION_ID", "MCP_SERVER_NAME", "MCP_PID_FILE", "MCP_CONFIG_DIR", "MCP_LOG_FILE"];

impl OwnVariable {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "MCP_PORT" => Some(Self::Port),
            "MCP_CONFIG_FILE" => Some(Self::ConfigFile),
            _ => USUAL.into_iter().find(|usual| *usual == name).map(Self::Usual),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Port => "MCP_PORT",
            Self::ConfigFile => "MCP_CONFIG_FILE",
            Self::Usual(name) => name,
        }
    }

    /// The key of a definition without which it has no value.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Port => Some("hook.port"),
            Self::ConfigFile => Some("hook.config"),
            Self::Usual(_) => None,
        }
    }
}

/// A text in which only what a session knows is still missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text, with gaps.
    pieces: Vec<Segment>,
    /// The variables of the caller whose values are in it.
    pub variables: Vec<String>,
    /// Whether something is missing for good. It has been reported.
    pub is_broken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Own(OwnVariable),
}

impl Expanded {
    pub fn literal(text: &str) -> Self {
        Self { pieces: vec![Segment::Literal(text.to_owned())], ..Self::default() }
    }

    pub fn own(own: OwnVariable) -> Self {
        Self { pieces: vec![Segment::Own(own)], ..Self::default() }
    }

    /// The text, if nothing is missing in it.
    pub fn text(&self) -> Option<String> {
        if self.is_broken || self.gap(|_| true).is_some() { None } else { Some(self.literals().collect()) }
    }

    /// The first gap that `is_meant`.
    pub fn gap(&self, is_meant: impl Fn(OwnVariable) -> bool) -> Option<OwnVariable> {
        self.pieces.iter().find_map(|piece| match piece {
            Segment::Own(own) if is_meant(*own) => Some(*own),
            _ => None,
        })
    }

    /// Whether a variable that is not one of ours is a part of it.
    pub fn is_of_caller(&self) -> bool {
        self.variables.iter().any(|name| OwnVariable::named(name).is_none())
    }

    /// The parts that stand already.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Segment::Literal(text) => Some(text.as_str()),
            Segment::Own(_) => None,
        })
    }

    /// The text with the values that `own` knows; the port stays a gap.
    pub fn fill(&self, own: &dyn Fn(OwnVariable) -> String) -> Text {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Segment::Literal(text) => invocation::Piece::Literal(text.clone()),
            Segment::Own(OwnVariable::Port) => invocation::Piece::Port,
            Segment::Own(other) => invocation::Piece::Literal(own(*other)),
        });
        Text(pieces.collect())
    }
}

/// What variables stand for.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    pub variables: Variables<'a>,
    /// The values of listed variables that neither the definition nor the caller sets.
    pub defaults: &'a BTreeMap<String, String>,
    /// Whether `MCP_PORT` has a value.
    pub has_port: bool,
    /// Whether `MCP_CONFIG_FILE` has a value.
    pub has_config: bool,
}

impl<'a> Values<'a> {
    pub fn of(definition: &Definition, variables: Variables<'a>, defaults: &'a BTreeMap<String, String>) -> Self {
        let hook = &definition.hook;
        Self { variables, defaults, has_port: hook.settings.port.is_some(), has_config: hook.config.is_some() }
    }

    pub fn has(&self, own: OwnVariable) -> bool {
        match own {
            OwnVariable::Port => self.has_port,
            OwnVariable::ConfigFile => self.has_config,
            OwnVariable::Usual(_) => true,
        }
    }
}

/// Expands the texts of one definition and remembers what is wrong with them.
pub struct Expander<'a> {
    values: Values<'a>,
    problems: Vec<Problem>,
    /// The index in `problems` of each variable that is not set.
    unset: HashMap<String, usize>,
    known: HashSet<Problem>,
}

impl<'a> Expander<'a> {
    pub fn new(values: Values<'a>) -> Self {
        Self { values, problems: Vec::new(), unset: HashMap::new(), known: HashSet::new() }
    }

    /// Expands a text that stands at `place`.
    pub fn expand(&mut self, place: &str, text: &str) -> Expanded {
        let mut expanded = Expanded::default();
        match Template::parse(text) {
            Ok(Template(parts)) => parts.into_iter().for_each(|part| self.add(&mut expanded, place, part)),
            Err(why) => {
                self.problems.push(Problem::Template { place: place.to_owned(), why });
                expanded.is_broken = true;
            }
        }
        expanded
    }

    fn add(&mut self, expanded: &mut Expanded, place: &str, part: Part) {
        let (name, default) = match part {
            Part::Literal(text) => return expanded.pieces.push(Segment::Literal(text)),
            Part::Variable { name, default } => (name, default),
        };
        let value = match OwnVariable::named(&name) {
            Some(own) if self.values.has(own) => Ok(Segment::Own(own)),
            Some(own) => {
                let key = own.key().unwrap_or_default();
                default
                    .ok_or(Problem::NeedsKey { place: place.to_owned(), name: own.name(), key })
                    .map(Segment::Literal)
            }
            None => self.value(place, &name, default).map(Segment::Literal),
        };
        match value {
            Ok(piece) => {
                expanded.pieces.push(piece);
                expanded.variables.push(name);
            }
            Err(problem) => {
                self.report(problem);
                expanded.is_broken = true;
            }
        }
    }

    /// The caller's value; what is not set or empty has that of `environmentVariables`, else that of the text.
    fn value(&self, place: &str, name: &str, default: Option<String>) -> Result<String, Problem> {
        let inherited = match (self.values.variables)(name).map(OsString::into_string) {
            Some(Err(_)) => return Err(Problem::NotText { name: name.to_owned() }),
            Some(Ok(value)) if !value.is_empty() => return Ok(value),
            Some(Ok(empty)) => Some(empty),
            None => None,
        };
        match self.values.defaults.get(name).cloned().or(default).or(inherited) {
            Some(value) => Ok(value),
            None => Err(Problem::Unset { name: name.to_owned(), places: vec![place.to_owned()], description: None }),
        }
    }

    /// Adds a problem that was found elsewhere.
    pub fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds a problem; of an unset variable all places come together.
    fn report(&mut self, new: Problem) {
        let Problem::Unset { name, places, .. } = &new else {
            if self.known.insert(new.clone()) {
                self.problems.push(new);
            }
            return;
        };
        match self.unset.get(name).and_then(|&at| self.problems.get_mut(at)) {
            // They come one after the other.
            Some(Problem::Unset { places: known, .. }) if known.last() != places.last() => known.extend(places.clone()),
            Some(_) => {}
            None => {
                self.unset.insert(name.clone(), self.problems.len());
                self.problems.push(new);
            }
        }
    }

    pub fn problems(self) -> Vec<Problem> {
        self.problems
    }
}
