//! Changing one server in the text of a file. Every byte outside of what is changed stays as it is.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Result, ensure};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

use super::json::{self, Member};
use super::parse::SERVERS;

/// `text` with `entry` as the server `name`, and whether there was one of this name before. A name that stands twice is an
/// error: it is not clear which one to change.
pub fn set(text: &str, name: &str, entry: &impl Serialize) -> Result<(String, bool)> {
    let text = if text.trim_start_matches(json::MARK).trim().is_empty() { "{}\n" } else { text };
    let root = Object::root(text)?;
    let Some(servers) = root.member(SERVERS)? else {
        return Ok((root.with(SERVERS, &BTreeMap::from([(name, entry)]))?, false));
    };
    let servers = root.object(servers)?;
    match servers.member(name)? {
        Some(member) => Ok((servers.replaced(member, entry)?, true)),
        None => Ok((servers.with(name, entry)?, false)),
    }
}

/// `text` without the server `name`; `None` if there is none.
pub fn remove(text: &str, name: &str) -> Result<Option<String>> {
    if text.trim_start_matches(json::MARK).trim().is_empty() {
        return Ok(None);
    }
    let root = Object::root(text)?;
    let Some(servers) = root.member(SERVERS)? else { return Ok(None) };
    let servers = root.object(servers)?;
    Ok(servers.member(name)?.map(|member| servers.without(member)))
}

struct Object<'text> {
    text: &'text str,
    /// From brace to brace.
    span: Range<usize>,
    members: Vec<Member>,
    /// By how much a member stands further to the right than the object.
    unit: &'text str,
}

/// How the members of an object are set.
struct Layout<'text> {
    /// What stands before a member: a new line and its indentation, or hardly anything.
    gap: String,
    colon: &'text str,
    /// What stands before the brace at the end.
    end: String,
    unit: &'text str,
}

impl<'text> Object<'text> {
    fn root(text: &'text str) -> Result<Self> {
        let start = text.len() - text.trim_start_matches(json::MARK).trim_start().len();
        let mut root = Self::at(text, start..text.trim_end().len(), "  ")?;
        for member in &root.members {
            if let Some((_, indentation)) = space_before(text, member.key.start).rsplit_once('\n') {
                root.unit = indentation;
                break;
            }
        }
        Ok(root)
    }

    fn at(text: &'text str, span: Range<usize>, unit: &'text str) -> Result<Self> {
        let moved = |it: Range<usize>| it.start + span.start..it.end + span.start;
        let members = json::members(&text[span.clone()])?.into_iter();
        let members = members.map(|it| Member { key: moved(it.key), value: moved(it.value), ..it }).collect();
        Ok(Self { text, span, members, unit })
    }

    fn object(&self, member: &Member) -> Result<Self> {
        Self::at(self.text, member.value.clone(), self.unit)
    }

    /// The only member of this name.
    fn member(&self, name: &str) -> Result<Option<&Member>> {
        let mut found = self.members.iter().filter(|member| member.name == name);
        let first = found.next();
        ensure!(found.next().is_none(), "{name:?} stands there more than once");
        Ok(first)
    }

    fn replaced(&self, member: &Member, value: &impl Serialize) -> Result<String> {
        let value = self.layout_of(member).value(value)?;
        Ok(self.text[..member.value.start].to_owned() + &value + &self.text[member.value.end..])
    }

    fn with(&self, name: &str, value: &impl Serialize) -> Result<String> {
        let layout = self.members.last().map_or_else(|| self.layout_of_first(), |member| self.layout_of(member));
        let (at, comma) = self.members.last().map_or((self.span.start + 1, ""), |last| (last.value.end, ","));
        let [before, after] = [&self.text[..at], &self.text[at..]];
        let member = serde_json::to_string(name)? + layout.colon + &layout.value(value)?;
        // Blanks between empty braces give way; a line that is there already stays.
        let after = if comma.is_empty() && !space_after(after).contains('\n') { after.trim_start() } else { after };
        let end = if comma.is_empty() && !space_after(after).contains('\n') { &*layout.end } else { "" };
        Ok([before, comma, &layout.gap, &member, end, after].concat())
    }

    /// The text without a member, its comma, and what stands before it.
    fn without(&self, member: &Member) -> String {
        let index = self.members.iter().position(|other| other == member).unwrap_or_default();
        let (from, to) = match (index.checked_sub(1), self.members.get(index + 1)) {
            (Some(previous), _) => (self.members[previous].value.end, member.value.end),
            (None, Some(next)) => (member.key.start, next.key.start),
            (None, None) => (self.span.start + 1, self.span.end - 1),
        };
        self.text[..from].to_owned() + &self.text[to..]
    }

    /// As a member stands there.
    fn layout_of(&self, member: &Member) -> Layout<'text> {
        let gap = space_before(self.text, member.key.start).to_owned();
        let colon = &self.text[member.key.end..member.value.start];
        Layout { gap, colon, end: String::new(), unit: self.unit }
    }

    /// As the rest of the text suggests for an object without members.
    fn layout_of_first(&self) -> Layout<'text> {
        let is_on_one_line = !self.text.trim().contains('\n') && self.span.start > 0;
        if is_on_one_line {
            return Layout { gap: String::new(), colon: ":", end: String::new(), unit: self.unit };
        }
        let line = self.text[..self.span.start].rsplit('\n').next().unwrap_or_default();
        let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let gap = [newline, indentation, self.unit].concat();
        Layout { gap, colon: ": ", end: newline.to_owned() + indentation, unit: self.unit }
    }
}

impl Layout<'_> {
    /// A value as it stands here: over several lines if the members do.
    fn value(&self, value: &impl Serialize) -> Result<String> {
        let Some((_, indentation)) = self.gap.rsplit_once('\n') else { return Ok(serde_json::to_string(value)?) };
        let newline = if self.gap.contains("\r\n") { "\r\n" } else { "\n" };
        let mut text = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.unit.as_bytes());
        value.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
        // Strings contain no line breaks as such.
        Ok(String::from_utf8(text)?.replace('\n', &(newline.to_owned() + indentation)))
    }
}

fn space_before(text: &str, at: usize) -> &str {
    &text[text[..at].trim_end().len()..at]
}

fn space_after(text: &str) -> &str {
    &text[..text.len() - text.trim_start().len()]
}
