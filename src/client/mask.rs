//! Which values of a file are nobody's business.

use std::ops::Range;

use super::edit::Edit;
use super::entry::{CommandPlace, ServerEntry};
use super::syntax::node::{Content, Field, Node};
use crate::server::secrets::is_telling;

/// Below these keys every value is one.
const HOLDERS: [&str; 7] = ["env", "environment", "envs", "headers", "http_headers", "env_http_headers", "requestInit"];

/// Where they stand: not where a command does, which is shown as it is.
pub fn secrets(root: &Node, entries: &[ServerEntry]) -> Vec<Range<usize>> {
    let mut commands = Vec::new();
    for entry in entries {
        commands.extend(entry.place().into_iter().flat_map(CommandPlace::spans));
    }
    let mut found = Vec::new();
    collect(root, Around::Anything, &mut found);
    found.retain(|span| commands.iter().all(|command| span.end <= command.start || command.end <= span.start));
    found.sort_by_key(|span| span.start);
    found
}

/// The edits that put a mask in place of each.
pub fn edits(secrets: &[Range<usize>]) -> Vec<Edit> {
    secrets.iter().map(|span| Edit { span: span.clone(), text: "\"***\"".to_owned() }).collect()
}

/// What is known of the place that a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Anything,
    Secrets,
}

fn collect(node: &Node, around: Around, found: &mut Vec<Range<usize>>) {
    match &node.content {
        Content::Fields(fields) => fields.iter().for_each(|field| collect(&field.value, below(field, around), found)),
        Content::Items(items) => items.iter().for_each(|item| collect(item, around, found)),
        Content::Text(_) | Content::Other if around == Around::Secrets => found.push(node.span.clone()),
        Content::Text(_) | Content::Other | Content::Flag(_) => {}
    }
}

fn below(field: &Field, around: Around) -> Around {
    let name = field.name.to_lowercase();
    let is_holder = HOLDERS.iter().any(|holder| name == holder.to_lowercase()) && field.value.fields().is_some();
    if is_holder || is_telling(&name) { Around::Secrets } else { around }
}
