//! Changing bytes of a text, and none but those: what is put in, and what is taken out with the comma that it has for itself.

use std::ops::Range;

use super::node::{Field, Node};

/// What stands in place of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Range<usize>,
    pub text: String,
}

/// Why something cannot be taken out without losing something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a comment stands between what is to be taken out")]
pub struct CommentBetween;

impl Edit {
    pub fn insertion(at: usize, text: String) -> Self {
        Self { span: at..at, text }
    }

    pub fn removal(span: Range<usize>) -> Self {
        Self { span, text: String::new() }
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

/// Where what the edits put in stands in the changed text.
pub fn places_after(edits: &[Edit]) -> Vec<Range<usize>> {
    let (mut end, mut after) = (0, 0);
    let place = |edit: &Edit| {
        let start = after + edit.span.start - end;
        (end, after) = (edit.span.end, start + edit.text.len());
        start..after
    };
    edits.iter().map(place).collect()
}

/// A string as JSON has it; TOML reads the same.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Something in front of what stands behind an opening bracket; each group begins as the first one does.
pub fn in_front(text: &str, start: usize, is_empty: bool, words: &str) -> Edit {
    let text = if is_empty {
        words.to_owned()
    } else {
        let gap = space_behind(text, start);
        let between = if gap.is_empty() { " " } else { "" };
        format!("{gap}{words},{between}")
    };
    Edit::insertion(start, text)
}

/// The opposite of [`in_front`]: the first `count` of what stands behind an opening bracket go.
pub fn without_first(text: &str, start: usize, items: &[Range<usize>], count: usize) -> Result<Edit, CommentBetween> {
    let mut end = start;
    for (index, item) in items[..count].iter().enumerate() {
        let between = text[end..item.start].trim();
        if between != if index == 0 { "" } else { "," } {
            return Err(CommentBetween);
        }
        end = item.end;
    }
    let comma = end + space_behind(text, end).len();
    if text[comma..].starts_with(',') {
        end = comma + 1;
    } else if count < items.len() {
        return Err(CommentBetween);
    }
    if count < items.len() && space_behind(text, start).is_empty() && text[end..].starts_with(' ') {
        end += 1;
    }
    Ok(Edit::removal(start..end))
}

/// Takes away members of an object, which are in order.
pub fn without_members(text: &str, object: &Node, indices: &[usize]) -> Result<Vec<Edit>, CommentBetween> {
    let fields = object.fields().unwrap_or_default();
    let runs = indices.chunk_by(|one, next| one + 1 == *next);
    runs.map(|run| without_run(text, object, fields, run[0]..run[0] + run.len())).collect()
}

/// Takes away members that follow each other.
fn without_run(text: &str, object: &Node, fields: &[Field], run: Range<usize>) -> Result<Edit, CommentBetween> {
    let of = |field: &Field| field.key.start..field.value.span.end;
    if run.start == 0 {
        let with_next: Vec<Range<usize>> = fields.iter().take(run.end + 1).map(of).collect();
        return without_first(text, object.span.start + 1, &with_next, run.end);
    }
    let ends: Vec<Range<usize>> = fields[run.start - 1..run.end].iter().map(of).collect();
    let is_apart = ends.windows(2).any(|pair| text[pair[0].end..pair[1].start].trim() != ",");
    if is_apart { Err(CommentBetween) } else { Ok(Edit::removal(ends[0].end..ends[ends.len() - 1].end)) }
}

/// Removals in order, those that touch or overlap as one.
pub fn joined(mut removals: Vec<Edit>) -> Vec<Edit> {
    removals.sort_by_key(|edit| edit.span.start);
    let mut joined: Vec<Edit> = Vec::new();
    for edit in removals {
        match joined.last_mut() {
            Some(last) if edit.span.start <= last.span.end => last.span.end = last.span.end.max(edit.span.end),
            _ => joined.push(edit),
        }
    }
    joined
}

/// The blanks and line ends in front of a place.
pub fn space_before(text: &str, at: usize) -> &str {
    &text[text[..at].trim_end().len()..at]
}

/// The same behind it.
pub fn space_behind(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..rest.len() - rest.trim_start().len()]
}
