//! mcp-hook in front of a command: which bytes change when it is put there and when it is taken away.
//!
//! The words that are put in front stand in the list of arguments before what was there, and the command goes behind them as
//! it is written. So the text itself says what it was before. A list that was not there has blanks inside its
//! brackets, one that was empty has none.

use std::ops::Range;

use super::entry::{CommandLayout, CommandPlace, Within};
use crate::syntax::edit::{self, Edit, quoted};
use crate::syntax::node::{Field, Node};

/// Why mcp-hook cannot be taken away again without losing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("comments stand between the words of mcp-hook")]
pub struct WordsApart;

/// Puts `hook run NAME --` in front of a command.
pub fn add(text: &str, place: &CommandPlace, hook: &str, name: &str) -> Vec<Edit> {
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
pub fn remove(text: &str, place: &CommandPlace, at: usize) -> Result<Vec<Edit>, WordsApart> {
    match &place.layout {
        CommandLayout::Together(list) => Ok(vec![without_words(text, list, at)?]),
        CommandLayout::Apart { command, arguments: Some(arguments), within } => {
            let items = arguments.value.items().unwrap_or_default();
            let own = text[items[at - 1].span.clone()].to_owned();
            let list = match list_of_ours(text, command, arguments, *within) {
                Some(span) if items.len() == at => Edit::removal(span),
                _ => without_words(text, &arguments.value, at)?,
            };
            let mut edits = vec![Edit { span: command.value.span.clone(), text: own }, list];
            edits.sort_by_key(|edit| edit.span.start);
            Ok(edits)
        }
        CommandLayout::Apart { arguments: None, .. } => Ok(Vec::new()),
    }
}

/// Words in front of what stands in a list.
fn in_front_of(text: &str, list: &Node, words: &str) -> Edit {
    edit::in_front(text, list.span.start + 1, list.items().is_none_or(<[_]>::is_empty), words)
}

/// The opposite: the first words of a list go.
fn without_words(text: &str, list: &Node, count: usize) -> Result<Edit, WordsApart> {
    let items: Vec<Range<usize>> = list.items().unwrap_or_default().iter().map(|item| item.span.clone()).collect();
    edit::without_first(text, list.span.start + 1, &items, count).map_err(|_| WordsApart)
}

/// A list of arguments where there was none, behind the command.
fn new_list(text: &str, command: &Field, within: Within, words: &str) -> Edit {
    let at = command.value.span.end;
    Edit::insertion(at, format!("{}[ {words} ]", head_of_list(text, command, within)))
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
            let gap = edit::space_before(text, command.key.start);
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
