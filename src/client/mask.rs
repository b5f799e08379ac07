//! What of a file is not to be shown: values that are nobody's business.

use std::collections::HashSet;
use std::ops::Range;

use super::entry::{CommandPlace, ServerEntry};
use crate::server::secret_name;
use crate::server::secret_text;
use crate::server::secret_words::{self, MASK};
use crate::server::secrets::Secrets;
use crate::syntax::edit::Edit;
use crate::syntax::node::{Content, Field, Node};

/// Below these keys every value is one.
const HOLDERS: [&str; 7] = ["env", "environment", "envs", "headers", "http_headers", "env_http_headers", "requestInit"];

/// The edits that put a mask in place of each, in order and apart from each other. A command is shown, without its secrets.
/// Where nothing is `shown`, nothing is masked: a client's history may be in the same file.
pub fn masks(text: &str, root: &Node, entries: &[ServerEntry], shown: &[Range<usize>]) -> Vec<Edit> {
    let mut search = Search {
        commands: entries.iter().filter_map(ServerEntry::place).flat_map(CommandPlace::spans).collect(),
        shown,
        ..Search::default()
    };
    search.look(root, Around::Anything);
    search.look_at_texts(text);
    search.masks.sort_by_key(|mask| mask.span.start);
    search.masks
}

/// What an entry starts, without mcp-hook in front and without secrets.
pub fn own_command(entry: &ServerEntry) -> Vec<String> {
    let mut search = Search::default();
    search.look(&entry.value, Around::Anything);
    secret_words::masked(entry.own_words(), &Secrets::new(&search.secrets))
}

/// What is known of the place that a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Anything,
    Secrets,
}

#[derive(Default)]
struct Search<'a> {
    /// Where commands and their arguments stand.
    commands: HashSet<Range<usize>>,
    masks: Vec<Edit>,
    /// What may be shown, in order and apart from each other.
    shown: &'a [Range<usize>],
    /// Values that are secret wherever they stand.
    secrets: Vec<String>,
    /// Texts that follow each other, such as the words of a command line.
    texts: Vec<Vec<&'a Node>>,
}

impl<'a> Search<'a> {
    fn look(&mut self, node: &'a Node, around: Around) {
        let around = if self.commands.contains(&node.span) { Around::Anything } else { around };
        match (&node.content, around) {
            (Content::Fields(fields), _) => fields.iter().for_each(|field| self.look_below(field, around)),
            (Content::Items(items), Around::Secrets) => items.iter().for_each(|item| self.look(item, around)),
            (Content::Items(items), Around::Anything) => {
                let (texts, others): (Vec<&Node>, Vec<&Node>) = items.iter().partition(|item| item.text().is_some());
                if texts.iter().any(|text| self.is_shown(&text.span)) {
                    self.texts.push(texts);
                }
                for item in others {
                    self.look(item, around);
                }
            }
            _ if !self.is_shown(&node.span) => {}
            (Content::Text(_), Around::Anything) => self.texts.push(vec![node]),
            (Content::Text(_) | Content::Other, Around::Secrets) => {
                self.mask(node.span.clone(), &format!("\"{MASK}\""));
            }
            (Content::Other, Around::Anything) | (Content::Flag(_), _) => {}
        }
    }

    fn look_below(&mut self, field: &'a Field, around: Around) {
        let name = field.name.to_lowercase();
        let is_holder = HOLDERS.iter().any(|holder| name == holder.to_lowercase()) && field.value.fields().is_some();
        let is_secret = secret_name::is_telling(&field.name, written_as(&field.value));
        let value = field.value.text().filter(|value| !secret_text::is_reference(value));
        if is_secret && around == Around::Secrets {
            self.secrets.extend(value.map(str::to_owned));
        }
        self.look(&field.value, if is_holder || is_secret { Around::Secrets } else { around });
    }

    fn look_at_texts(&mut self, text: &str) {
        let known = Secrets::new(&self.secrets);
        for nodes in std::mem::take(&mut self.texts) {
            let words: Vec<&str> = nodes.iter().filter_map(|node| node.text()).collect();
            for part in secret_words::parts(&words, &known) {
                match written(text, nodes[part.word]) {
                    Some(start) => self.mask(start + part.bytes.start..start + part.bytes.end, MASK),
                    None => self.mask(nodes[part.word].span.clone(), &format!("\"{MASK}\"")),
                }
            }
        }
    }

    fn is_shown(&self, span: &Range<usize>) -> bool {
        let next = self.shown.partition_point(|shown| shown.end < span.start);
        self.shown.get(next).is_some_and(|shown| shown.start <= span.end)
    }

    fn mask(&mut self, span: Range<usize>, mask: &str) {
        // Of a word with escapes all is masked, and once.
        if self.masks.last().is_none_or(|last| last.span != span) {
            self.masks.push(Edit { span, text: mask.to_owned() });
        }
    }
}

/// A value as a name tells of it; of a number no more than that it is one.
fn written_as(value: &Node) -> &str {
    match &value.content {
        Content::Text(text) => text,
        Content::Flag(_) => "true",
        Content::Other => "0",
        Content::Fields(_) | Content::Items(_) => "",
    }
}

/// Where a text begins behind its quotes, if it is written as it is.
fn written(text: &str, node: &Node) -> Option<usize> {
    let value = node.text()?;
    let start = node.span.start + node.span.len().checked_sub(value.len())? / 2;
    (text.get(start..start + value.len()) == Some(value)).then_some(start)
}
