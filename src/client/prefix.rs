//! Which bytes change when mcp-hook is put in front of a command or taken away.
//!
//! The words that are put in front stand in the list of arguments before what was there, and the command goes behind them as
//! it is written. So the text itself says what it was before. A list that was not there has blanks inside its
//! brackets, one that was empty has none.

use std::ops::Range;

use super::entry::{CommandLayout, CommandPlace, Within};
use super::syntax::node::{Field, Node};

/// What stands in place of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Range<usize>,
    pub text: String,
}

/// Why mcp-hook cannot be taken away again without losing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("comments stand between the words of mcp-hook")]
pub struct WordsApart;

/// Puts `hook run NAME --` in front of a command.
pub fn wrap(text: &str, place: &CommandPlace, hook: &str, name: &str) -> Vec<Edit> {
    let [hook, name] = [hook, name].map(quoted);
    match &place.layout {
        CommandLayout::Together(list) => vec![in_front_of(text, list, &format!("{hook}, \"run\", {name}, \"--\""))],
        CommandLayout::Apart { command, arguments, within } => {
            let own = &text[command.value.span.clone()];
            let words = format!("\"run\", {name}, \"--\", {own}");
            let list = match arguments {
                Some(arguments) => in_front_of(text, &arguments.value, &words),
                None => new_list(text, command, *within, &words),
            };
            let mut edits = vec![Edit { span: command.value.span.clone(), text: hook }, list];
            edits.sort_by_key(|edit| edit.span.start);
            edits
        }
    }
}

/// Takes away what stands in front of the word `at`.
pub fn unwrap(text: &str, place: &CommandPlace, at: usize) -> Result<Vec<Edit>, WordsApart> {
    match &place.layout {
        CommandLayout::Together(list) => Ok(vec![without_words(text, list, at)?]),
        CommandLayout::Apart { command, arguments: Some(arguments), within } => {
            let items = arguments.value.items().unwrap_or_default();
            let own = text[items[at - 1].span.clone()].to_owned();
            let list = match list_of_ours(text, command, arguments, *within) {
                Some(span) if items.len() == at => Edit { span, text: String::new() },
                _ => without_words(text, &arguments.value, at)?,
            };
            let mut edits = vec![Edit { span: command.value.span.clone(), text: own }, list];
            edits.sort_by_key(|edit| edit.span.start);
            Ok(edits)
        }
        CommandLayout::Apart { arguments: None, .. } => Ok(Vec::new()),
    }
}

/// The text with the edits, which are in order and apart from each other.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut end = 0;
    for edit in edits {
        changed.push_str(&text[end..edit.span.start]);
        changed.push_str(&edit.text);
        end = edit.span.end;
    }
    changed + &text[end..]
}

/// A string as JSON has it; TOML reads the same.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Words in front of what stands in a list.
fn in_front_of(text: &str, list: &Node, words: &str) -> Edit {
    in_front(text, list.span.start + 1, list.items().is_none_or(<[_]>::is_empty), words)
}

/// Something in front of what stands behind an opening bracket; each group begins as the first one does.
pub fn in_front(text: &str, start: usize, is_empty: bool, words: &str) -> Edit {
    let text = if is_empty {
        words.to_owned()
    } else {
        let gap = space_at(text, start);
        let between = if gap.is_empty() { " " } else { "" };
        format!("{gap}{words},{between}")
    };
    Edit { span: start..start, text }
}

/// The opposite of [`in_front`]: the first `count` of what stands behind an opening bracket go.
pub fn without_first(text: &str, start: usize, items: &[Range<usize>], count: usize) -> Result<Edit, WordsApart> {
    let mut end = start;
    for (index, item) in items[..count].iter().enumerate() {
        let between = text[end..item.start].trim();
        if between != if index == 0 { "" } else { "," } {
            return Err(WordsApart);
        }
        end = item.end;
    }
    let comma = end + space_at(text, end).len();
    if text[comma..].starts_with(',') {
        end = comma + 1;
    } else if count < items.len() {
        return Err(WordsApart);
    }
    if count < items.len() && space_at(text, start).is_empty() && text[end..].starts_with(' ') {
        end += 1;
    }
    Ok(Edit { span: start..end, text: String::new() })
}

/// The same for a list.
fn without_words(text: &str, list: &Node, count: usize) -> Result<Edit, WordsApart> {
    let items: Vec<Range<usize>> = list.items().unwrap_or_default().iter().map(|item| item.span.clone()).collect();
    without_first(text, list.span.start + 1, &items, count)
}

/// A list of arguments where there was none, behind the command.
fn new_list(text: &str, command: &Field, within: Within, words: &str) -> Edit {
    let at = command.value.span.end;
    Edit { span: at..at, text: format!("{}[ {words} ]", head_of_list(text, command, within)) }
}

/// Where a list stands that [`new_list`] made.
fn list_of_ours(text: &str, command: &Field, list: &Field, within: Within) -> Option<Range<usize>> {
    let (from, to) = (command.value.span.end, list.value.span.start);
    let is_ours = from <= to
        && text[from..to] == head_of_list(text, command, within)
        && text[list.value.span.clone()].starts_with("[ ")
        && text[list.value.span.clone()].ends_with(" ]");
    is_ours.then_some(from..list.value.span.end)
}

/// What stands between the command and a new list, set as the command is.
fn head_of_list(text: &str, command: &Field, within: Within) -> String {
    let sign = text[command.key.end..command.value.span.start].to_owned();
    let is_plain = sign.trim_matches([' ', '\t', '"', '\'']).len() == 1;
    let sign = match (within, is_plain) {
        (_, true) => sign,
        (Within::Braces, false) if text[..command.key.end].ends_with('"') => ": ".to_owned(),
        (_, false) => " = ".to_owned(),
    };
    let before = &text[..command.key.start];
    let key = if text[command.key.clone()].starts_with('"') { "\"args\"" } else { "args" };
    match within {
        Within::Braces => {
            let gap = &before[before.trim_end().len()..];
            let gap = &gap[gap.rfind("\r\n").or_else(|| gap.rfind('\n')).unwrap_or(0)..];
            format!(",{gap}{key}{sign}")
        }
        Within::Lines => {
            let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
            let newline = if line_ends_with_return(&text[command.value.span.end..]) { "\r\n" } else { "\n" };
            format!("{newline}{}{key}{sign}", line.trim_start_matches('\u{feff}'))
        }
    }
}

fn line_ends_with_return(rest: &str) -> bool {
    rest.find('\n').is_some_and(|newline| rest[..newline].ends_with('\r'))
}

pub fn space_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..rest.len() - rest.trim_start().len()]
}
