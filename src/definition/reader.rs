//! A JSON value and where it stands: every complaint begins with the path to it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::text::excerpt::excerpt;
use crate::units::{size, time};

/// What is wrong with a value, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", prefix(path))]
pub struct ReadError {
    path: String,
    why: String,
}

/// The whole document has no path.
fn prefix(path: &str) -> String {
    if path.is_empty() { "it ".to_owned() } else { format!("{path}: ") }
}

pub type ReadResult<T> = Result<T, ReadError>;

/// Longer than anybody waits, and well inside what `poll(2)` can count.
const LONGEST: Duration = Duration::from_hours(24);

#[derive(Clone, Debug)]
pub struct Reader<'document> {
    path: String,
    value: &'document Value,
}

impl<'document> Reader<'document> {
    pub fn new(path: String, value: &'document Value) -> Self {
        Self { path, value }
    }

    pub fn value(&self) -> &'document Value {
        self.value
    }

    pub fn wrong(&self, why: impl fmt::Display) -> ReadError {
        ReadError { path: self.path.clone(), why: why.to_string() }
    }

    /// That the value is of another type than `wanted`.
    pub fn other_than(&self, wanted: &str) -> ReadError {
        self.wrong(format!("must be {wanted}, not {}", kind(self.value)))
    }

    pub fn fields(&self) -> ReadResult<Fields<'document>> {
        let members = self.value.as_object().ok_or_else(|| self.other_than("an object"))?;
        Ok(Fields { path: self.path.clone(), members })
    }

    /// A string without NUL, which no argument and no variable can hold.
    pub fn text(&self) -> ReadResult<String> {
        let text = self.value.as_str().ok_or_else(|| self.other_than("a string"))?;
        if text.contains('\0') { Err(self.wrong("must not contain a NUL character")) } else { Ok(text.to_owned()) }
    }

    /// A string that is not blank.
    pub fn word(&self) -> ReadResult<String> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.wrong("must not be empty")) } else { Ok(text) }
    }

    pub fn variable(&self) -> ReadResult<String> {
        let name = self.word()?;
        check_variable(&name).map_err(|why| self.wrong(why))?;
        Ok(name)
    }

    pub fn flag(&self) -> ReadResult<bool> {
        self.value.as_bool().ok_or_else(|| self.other_than("true or false"))
    }

    pub fn items(&self) -> ReadResult<impl Iterator<Item = Reader<'document>>> {
        let items = self.value.as_array().ok_or_else(|| self.other_than("a list"))?;
        let path = self.path.clone();
        Ok(items.iter().enumerate().map(move |(index, value)| Reader { path: format!("{path}[{index}]"), value }))
    }

    pub fn texts(&self) -> ReadResult<Vec<String>> {
        self.items()?.map(|item| item.text()).collect()
    }

    pub fn map(&self) -> ReadResult<BTreeMap<String, String>> {
        let fields = self.fields()?;
        fields
            .members
            .keys()
            .map(|name| Ok((name.clone(), fields.place(name, &fields.members[name]).text()?)))
            .collect()
    }

    /// The same with names of environment variables.
    pub fn environment(&self) -> ReadResult<BTreeMap<String, String>> {
        let map = self.map()?;
        match map.keys().find_map(|name| check_variable(name).err().map(|why| (name, why))) {
            Some((name, why)) => Err(ReadError { path: join(&self.path, name), why: why.to_owned() }),
            None => Ok(map),
        }
    }

    pub fn number(&self, range: RangeInclusive<u64>) -> ReadResult<u64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        if !self.value.is_number() {
            return Err(self.other_than(&wanted));
        }
        let number = self.value.as_u64().filter(|number| range.contains(number));
        number.ok_or_else(|| self.wrong(format!("must be {wanted}, not {}", self.value)))
    }

    /// A time such as `"2s"`, in milliseconds.
    pub fn time(&self, shortest: Duration) -> ReadResult<u64> {
        const WANTED: &str = "a time such as \"2s\" or \"500ms\"";
        let text = self.value.as_str().ok_or_else(|| self.other_than(WANTED))?;
        let span = time::parse(text.trim());
        let span = span.map_err(|_| self.wrong(format!("must be {WANTED}, not {:?}", excerpt(text))))?;
        if !(shortest..=LONGEST).contains(&span) {
            let [from, to] = [shortest, LONGEST].map(time::exact);
            return Err(self.wrong(format!("must be from {from} to {to}, not {:?}", excerpt(text))));
        }
        Ok(time::millis(span))
    }

    /// A size such as `"2GiB"`, or in bytes; `smallest` is in bytes.
    pub fn size(&self, smallest: u64) -> ReadResult<u64> {
        const WANTED: &str = "a size such as \"512MiB\" or \"2GiB\", or a number of bytes";
        let size = match self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => size::parse(text.trim()).ok(),
            _ => return Err(self.other_than(WANTED)),
        };
        match size {
            None => Err(self.wrong(format!("must be {WANTED}, not {}", excerpt(&self.value.to_string())))),
            Some(size) if size < smallest => {
                Err(self.wrong(format!("must be at least {}, not {}", size::exact(smallest), self.value)))
            }
            Some(size) => Ok(size),
        }
    }

    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> ReadResult<T> {
        let list = alternatives(&choices.iter().map(|(word, _)| *word).collect::<Vec<_>>());
        let text = self.value.as_str().ok_or_else(|| self.other_than(&list))?;
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| self.wrong(format!("must be {list}, not {:?}", excerpt(text))))
    }
}

pub struct Fields<'document> {
    path: String,
    members: &'document Map<String, Value>,
}

impl<'document> Fields<'document> {
    pub fn at(&self, name: &str) -> Option<Reader<'document>> {
        self.members.get(name).map(|value| self.place(name, value))
    }

    /// A member read by `read`, if there is one of this name.
    pub fn read<T>(&self, name: &str, read: impl FnOnce(&Reader<'document>) -> ReadResult<T>) -> ReadResult<Option<T>> {
        self.at(name).as_ref().map(read).transpose()
    }

    /// A member that must be there.
    pub fn required(&self, name: &str) -> ReadResult<Reader<'document>> {
        self.at(name).ok_or_else(|| self.wrong(format!("must have {name:?}")))
    }

    /// Fails if there are other members than these.
    pub fn only(&self, known: &[&str]) -> ReadResult<()> {
        match self.members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(ReadError { path: join(&self.path, name), why: unknown(name, known) }),
            None => Ok(()),
        }
    }

    /// Fails if there are both of these.
    pub fn either(&self, one: &str, other: &str) -> ReadResult<()> {
        let both = self.members.contains_key(one) && self.members.contains_key(other);
        if both { Err(self.wrong(format!("must not have both {one:?} and {other:?}"))) } else { Ok(()) }
    }

    pub fn wrong(&self, why: impl fmt::Display) -> ReadError {
        ReadError { path: self.path.clone(), why: why.to_string() }
    }

    fn place(&self, name: &str, value: &'document Value) -> Reader<'document> {
        Reader { path: join(&self.path, name), value }
    }
}

/// The path to a member; a name that would not be read as one word stands in quotes.
pub fn join(path: &str, name: &str) -> String {
    let name = excerpt(name);
    let is_word = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it));
    let name = if is_word { name } else { Cow::Owned(format!("{name:?}")) };
    if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") }
}

fn check_variable(name: &str) -> Result<(), &'static str> {
    let is_bad = name.is_empty() || name.contains(['=', '\0']);
    if is_bad { Err("cannot be the name of an environment variable") } else { Ok(()) }
}

/// That a key is not known, and which one was meant.
fn unknown(name: &str, known: &[&str]) -> String {
    let similar = known.iter().map(|other| (strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase()), other));
    match similar.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((similarity, best)) if similarity >= SIMILAR => format!("there is no such key; did you mean {best:?}?"),
        _ => format!("there is no such key; those there are: {}", known.join(", ")),
    }
}

/// A key that is at least this similar is offered for one that is not known.
const SIMILAR: f64 = 0.75;

fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
