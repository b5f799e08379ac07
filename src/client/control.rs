//! The entry by which a client starts `mcp-hook mcp`: put into a file, and taken away again.
//!
//! It stands in front of everything in its section, set as what follows. A section or an object that was not there has blanks
//! inside its braces, one that was empty has none: so the text itself says what it was before. In TOML it is a table
//! of its own at the end.

use super::table::{Client, Shape};
use crate::syntax::Syntax;
use crate::syntax::edit::{self, CommentBetween, Edit, quoted};
use crate::syntax::json::MARK;
use crate::syntax::node::{Field, Node};

/// What the entry is called.
pub const NAME: &str = "mcp-hook";

/// Why it cannot be put in or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    #[error("what stands where its servers should is something else")]
    OtherForm,
    #[error("its entry of mcp-hook mcp stands together with something else")]
    Together,
}

impl From<CommentBetween> for NoPlace {
    fn from(_: CommentBetween) -> Self {
        Self::Together
    }
}

/// Puts the entry into a text that was read.
pub fn add(client: &Client, (text, root): (&str, &Node), hook: &str) -> Result<Edit, NoPlace> {
    let [key] = client.key else { return Err(NoPlace::OtherForm) };
    if client.syntax == Syntax::Yaml {
        return Err(NoPlace::OtherForm);
    }
    let section = root.field(key).map(|field| &field.value);
    if client.syntax == Syntax::Toml {
        return match section {
            Some(section) if text[section.span.clone()].starts_with('{') => {
                let entry = format!("{NAME} = {{ command = {}, args = [\"mcp\"] }}", quoted(hook));
                first_in(text, section, &entry)
            }
            Some(section) if section.fields().is_none() => Err(NoPlace::OtherForm),
            _ => Ok(at_the_end(text, key, hook)),
        };
    }
    let entry = format!("{}: {}", quoted(NAME), body(client, hook));
    let new_section = format!("{}: {{ {entry} }}", quoted(key));
    match section {
        Some(section) => first_in(text, section, &entry),
        None if is_blank(text, root) => {
            let start = mark(text);
            Ok(Edit::insertion(start, format!("{{ {new_section} }}")))
        }
        None => first_in(text, root, &new_section),
    }
}

/// Takes away the entries of these names from the section at the end of a path, in a text that was read.
pub fn remove(
    client: &Client,
    (text, root): (&str, &Node),
    path: &[&str],
    names: &[&str],
) -> Result<Vec<Edit>, NoPlace> {
    let section = root.at(path).ok_or(NoPlace::OtherForm)?;
    let fields = section.fields().ok_or(NoPlace::OtherForm)?;
    let is_named = |index: &usize| names.contains(&fields[*index].name.as_str());
    let indices: Vec<usize> = (0..fields.len()).filter(is_named).collect();
    let is_braced = text[section.span.clone()].starts_with('{');
    if client.syntax == Syntax::Toml && !is_braced {
        return indices.iter().map(|&index| table(text, &fields[index])).collect::<Result<_, _>>().map(edit::joined);
    }
    if let ([_], [_]) = (path, fields)
        && is_of_ours(text, section)
        && client.syntax != Syntax::Toml
    {
        let around = root.fields().unwrap_or_default();
        let is_whole = around.len() == 1 && is_of_ours(text, root) && root.span.start == mark(text);
        if is_whole {
            return Ok(vec![Edit::removal(root.span.clone())]);
        }
        if around.first().is_some_and(|first| first.value.span == section.span) {
            return Ok(edit::without_members(text, root, &[0])?);
        }
    }
    Ok(edit::without_members(text, section, &indices)?)
}

/// What an entry holds.
fn body(client: &Client, hook: &str) -> String {
    let hook = quoted(hook);
    let command = match client.shape {
        Shape::CommandAndArgs => format!("\"command\": {hook}, \"args\": [\"mcp\"]"),
        Shape::CommandList => format!("\"command\": [{hook}, \"mcp\"]"),
    };
    match client.beside {
        "" => format!("{{ {command} }}"),
        beside => format!("{{ {beside}, {command} }}"),
    }
}

/// Whether nothing stands in a text but blanks and comments.
fn is_blank(text: &str, root: &Node) -> bool {
    root.fields().is_some() && !text.get(root.span.start..).is_some_and(|text| text.starts_with('{'))
}

/// Where a text begins behind its byte order mark.
fn mark(text: &str) -> usize {
    if text.starts_with(MARK) { MARK.len_utf8() } else { 0 }
}

/// In front of what stands between the braces of an object.
fn first_in(text: &str, object: &Node, member: &str) -> Result<Edit, NoPlace> {
    let fields = object.fields().ok_or(NoPlace::OtherForm)?;
    Ok(edit::in_front(text, object.span.start + 1, fields.is_empty(), member))
}

/// Whether an object has blanks inside its braces, as those have that were made for the entry.
fn is_of_ours(text: &str, object: &Node) -> bool {
    let text = &text[object.span.clone()];
    text.starts_with("{ ") && text.ends_with(" }")
}

/// A table behind everything else.
fn at_the_end(text: &str, key: &str, hook: &str) -> Edit {
    let end = if text.find('\n').is_some_and(|newline| text[..newline].ends_with('\r')) { "\r\n" } else { "\n" };
    let before = if text.len() > mark(text) { end } else { "" };
    let lines = format!("{before}[{key}.{NAME}]{end}command = {}{end}args = [\"mcp\"]{end}", quoted(hook));
    Edit::insertion(text.len(), lines)
}

/// Takes away the lines of an entry, with the newline in front of its header.
fn table(text: &str, entry: &Field) -> Result<Edit, NoPlace> {
    let start = text[..entry.key.start].rfind('\n').map_or(mark(text), |newline| newline + 1);
    let is_inline = text[entry.value.span.clone()].starts_with('{');
    let fields = entry.value.fields().unwrap_or_default();
    let last = if is_inline { Some(entry.value.span.end) } else { fields.iter().map(|it| it.value.span.end).max() };
    let last = last.filter(|&last| last > start).ok_or(NoPlace::Together)?;
    let end = text[last..].find('\n').map_or(text.len(), |newline| last + newline + 1);
    let mut lines = text[start..end].split_inclusive('\n').map(|line| (line, line.trim_start().starts_with('[')));
    let (first, is_header) = lines.next().unwrap_or_default();
    let is_alone = if is_inline {
        text[start..entry.key.start].trim().is_empty()
    } else {
        is_header && fields.iter().all(|field| field.key.start > start) && !lines.any(|(_, is_header)| is_header)
    };
    if !is_alone {
        return Err(NoPlace::Together);
    }
    let newline = if first.ends_with("\r\n") { "\r\n" } else { "\n" };
    let has_one = !is_inline && text[..start].ends_with(newline);
    Ok(Edit::removal(if has_one { start - newline.len() } else { start }..end))
}
