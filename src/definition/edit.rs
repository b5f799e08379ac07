//! Changing one server in the text of a file. Every byte outside of what is changed stays as it is.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

use super::parse::SERVERS;
use crate::syntax::edit::{self, Edit, quoted, space_before, space_behind};
use crate::syntax::json::MARK;
use crate::syntax::node::{Field, Node};
use crate::syntax::{self, Syntax};

/// `text` with `entry` as the server `name`, and whether there was one of this name before. A name that stands twice is an
/// error: it is not clear which one to change.
pub fn set(text: &str, name: &str, entry: &impl Serialize) -> Result<(String, bool)> {
    let text = if is_blank(text) { "{}\n" } else { text };
    let root = syntax::parse(Syntax::Json, text)?;
    let document = Object::root(text, &root)?;
    let Some(servers) = root.only(SERVERS)? else {
        let edit = document.with(SERVERS, &BTreeMap::from([(name, entry)]))?;
        return Ok((edit::apply(text, &[edit]), false));
    };
    let servers = document.below(servers)?;
    let known = servers.node.only(name)?;
    let edit = match known {
        Some(known) => servers.replaced(known, entry)?,
        None => servers.with(name, entry)?,
    };
    Ok((edit::apply(text, &[edit]), known.is_some()))
}

/// `text` without the server `name`; `None` if there is none.
pub fn remove(text: &str, name: &str) -> Result<Option<String>> {
    if is_blank(text) {
        return Ok(None);
    }
    let root = syntax::parse(Syntax::Json, text)?;
    let document = Object::root(text, &root)?;
    let Some(servers) = root.only(SERVERS)? else { return Ok(None) };
    let servers = document.below(servers)?;
    let Some(server) = servers.node.only(name)? else { return Ok(None) };
    Ok(Some(edit::apply(text, &servers.without(server)?)))
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches(MARK).trim().is_empty()
}

struct Object<'text> {
    text: &'text str,
    node: &'text Node,
    members: &'text [Field],
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
    fn root(text: &'text str, node: &'text Node) -> Result<Self> {
        let mut root = Self::of(text, node, "  ")?;
        let indentation = |member: &Field| Some(space_before(text, member.key.start).rsplit_once('\n')?.1);
        root.unit = root.members.iter().find_map(indentation).unwrap_or(root.unit);
        Ok(root)
    }

    fn of(text: &'text str, node: &'text Node, unit: &'text str) -> Result<Self> {
        let members = node.fields().context("it is not an object")?;
        Ok(Self { text, node, members, unit })
    }

    fn below(&self, member: &'text Field) -> Result<Self> {
        Self::of(self.text, &member.value, self.unit)
    }

    fn replaced(&self, member: &Field, value: &impl Serialize) -> Result<Edit> {
        Ok(Edit { span: member.value.span.clone(), text: self.layout_of(member).value(value)? })
    }

    fn with(&self, name: &str, value: &impl Serialize) -> Result<Edit> {
        let layout = self.members.last().map_or_else(|| self.layout_of_first(), |member| self.layout_of(member));
        let member = quoted(name) + layout.colon + &layout.value(value)?;
        if let Some(last) = self.members.last() {
            return Ok(Edit::insertion(last.value.span.end, [",", &layout.gap, &member].concat()));
        }
        let start = self.node.span.start + 1;
        let inside = space_behind(self.text, start);
        // Blanks between empty braces give way; a line that is there already stays.
        if inside.contains('\n') {
            return Ok(Edit::insertion(start, layout.gap + &member));
        }
        Ok(Edit { span: start..start + inside.len(), text: [layout.gap, member, layout.end].concat() })
    }

    /// A member goes, with its comma and what stands before it.
    fn without(&self, member: &Field) -> Result<Vec<Edit>> {
        if self.members.len() == 1 {
            return Ok(vec![Edit::removal(self.node.span.start + 1..self.node.span.end - 1)]);
        }
        let index = self.members.iter().position(|other| other == member).unwrap_or_default();
        Ok(edit::without_members(self.text, self.node, &[index])?)
    }

    /// As a member stands there.
    fn layout_of(&self, member: &Field) -> Layout<'text> {
        let gap = space_before(self.text, member.key.start).to_owned();
        let colon = &self.text[member.key.end..member.value.span.start];
        Layout { gap, colon, end: String::new(), unit: self.unit }
    }

    /// As the rest of the text suggests for an object without members.
    fn layout_of_first(&self) -> Layout<'text> {
        let start = self.node.span.start;
        let is_on_one_line = !self.text.trim().contains('\n') && start > 0;
        if is_on_one_line {
            return Layout { gap: String::new(), colon: ":", end: String::new(), unit: self.unit };
        }
        let line = self.text[..start].rsplit('\n').next().unwrap_or_default();
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
