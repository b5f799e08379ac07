//! The entry by which a client starts `mcp-hook mcp`: put into a file, and taken away again.
//!
//! It stands in front of everything in its section, set as what follows. A section or an object that was not there has blanks
//! inside its braces, one that was empty has none: so the text itself says what it was before. In TOML it is a table
//! of its own at the end.

use std::ops::Range;

use super::edit::{self, Edit, quoted};
use super::syntax::node::{Field, Node};
use super::syntax::{self, Syntax};
use super::table::{Client, Shape};
use crate::definition::json::MARK;

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

/// Puts the entry in.
pub fn add(client: &Client, text: &str, hook: &str) -> Result<Edit, NoPlace> {
    let root = syntax::parse(client.syntax, text).map_err(|_| NoPlace::OtherForm)?;
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
        None if is_blank(text) => {
            let start = mark(text);
            Ok(Edit { span: start..start, text: format!("{{ {new_section} }}") })
        }
        None => first_in(text, &root, &new_section),
    }
}

/// Takes away the entry of this name from the section at the end of a path.
pub fn remove(client: &Client, text: &str, path: &[&str], name: &str) -> Result<Edit, NoPlace> {
    let root = syntax::parse(client.syntax, text).map_err(|_| NoPlace::OtherForm)?;
    let section = root.at(path).ok_or(NoPlace::OtherForm)?;
    let fields = section.fields().ok_or(NoPlace::OtherForm)?;
    let index = fields.iter().position(|field| field.name == name).ok_or(NoPlace::OtherForm)?;
    let is_braced = text[section.span.clone()].starts_with('{');
    if client.syntax == Syntax::Toml && !is_braced {
        return table(text, &fields[index]);
    }
    if let ([key], [_]) = (path, fields)
        && is_of_ours(text, section)
        && client.syntax != Syntax::Toml
    {
        let around = root.fields().unwrap_or_default();
        let is_whole = around.len() == 1 && is_of_ours(text, &root) && root.span.start == mark(text);
        if is_whole {
            return Ok(Edit { span: root.span.clone(), text: String::new() });
        }
        if around.first().is_some_and(|first| first.name == *key) {
            return member(text, &root, 0);
        }
    }
    member(text, section, index)
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
fn is_blank(text: &str) -> bool {
    !text[mark(text)..].lines().any(|line| line.trim_start().starts_with(['{', '[']))
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

/// Takes away a member of an object, with the comma that it has for itself.
fn member(text: &str, object: &Node, index: usize) -> Result<Edit, NoPlace> {
    let spans: Vec<Range<usize>> =
        object.fields().unwrap_or_default().iter().map(|field| field.key.start..field.value.span.end).collect();
    if index == 0 {
        return edit::without_first(text, object.span.start + 1, &spans, 1).map_err(|_| NoPlace::Together);
    }
    let span = spans[index - 1].end..spans[index].end;
    if text[span.start..spans[index].start].trim() != "," {
        return Err(NoPlace::Together);
    }
    Ok(Edit { span, text: String::new() })
}

/// A table behind everything else.
fn at_the_end(text: &str, key: &str, hook: &str) -> Edit {
    let end = if text.find('\n').is_some_and(|newline| text[..newline].ends_with('\r')) { "\r\n" } else { "\n" };
    let before = if text.len() > mark(text) { end } else { "" };
    let lines = format!("{before}[{key}.{NAME}]{end}command = {}{end}args = [\"mcp\"]{end}", quoted(hook));
    Edit { span: text.len()..text.len(), text: lines }
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
    Ok(Edit { span: if has_one { start - newline.len() } else { start }..end, text: String::new() })
}
