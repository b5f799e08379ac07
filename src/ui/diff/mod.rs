//! A unified diff of a text and its edits. Which lines differ is known, so nothing is compared.

mod shown;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::ops::Range;

use self::shown::CONTEXT;
pub use self::shown::Shown;
use super::style::{self, paint};
use crate::syntax::edit::{Edit, places_after};
use crate::text::plain;

/// Of a longer line only a part is shown, in characters.
const LONGEST: usize = 240;
/// How many characters of it are shown in front of what differs.
const BEFORE: usize = 40;

/// The lines that change, and those around them.
pub fn diff(old: &Shown<'_>, edits: &[Edit], new: &Shown<'_>) -> String {
    let mut sides = Sides::default();
    let (mut old_end, mut new_end) = (0, 0);
    for (edit, come) in edits.iter().zip(places_after(edits)) {
        sides.same(&old.part(old_end..edit.span.start), &new.part(new_end..come.start));
        (old_end, new_end) = (edit.span.end, come.end);
        sides.change(&old.part(edit.span.clone()), &new.part(come));
    }
    sides.same(&old.part(old_end..old.text.len()), &new.part(new_end..new.text.len()));
    sides.shown()
}

/// Both texts, and which of their lines differ.
#[derive(Default)]
struct Sides {
    old: Side,
    new: Side,
    changes: Vec<Change>,
}

#[derive(Default)]
struct Side {
    text: String,
    /// The number of the line that it ends in, from 0.
    line: usize,
}

impl Side {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.line += text.matches('\n').count();
    }

    /// Its lines; behind a last newline is none.
    fn lines(&self) -> Vec<String> {
        self.text.lines().map(shown_line).collect()
    }
}

/// Lines of the old text, from 0, and those of the new one in their place.
#[derive(Clone, Debug)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Change {
    /// Only the lines that there are, without those at its beginning that are the same.
    fn trimmed(&self, old: &[String], new: &[String]) -> Self {
        let within = |range: &Range<usize>, lines: &[String]| range.start.min(lines.len())..range.end.min(lines.len());
        let mut trimmed = Self { old: within(&self.old, old), new: within(&self.new, new) };
        let is_same = |it: &Self| !it.old.is_empty() && !it.new.is_empty() && old[it.old.start] == new[it.new.start];
        while is_same(&trimmed) {
            trimmed.old.start += 1;
            trimmed.new.start += 1;
        }
        trimmed
    }
}

impl Sides {
    fn same(&mut self, old: &str, new: &str) {
        self.old.push(old);
        self.new.push(new);
    }

    fn change(&mut self, old: &str, new: &str) {
        let from = [self.old.line, self.new.line];
        self.old.push(old);
        self.new.push(new);
        let change = Change { old: from[0]..self.old.line + 1, new: from[1]..self.new.line + 1 };
        match self.changes.last_mut() {
            Some(last) if change.old.start < last.old.end => {
                last.old.end = change.old.end;
                last.new.end = change.new.end;
            }
            _ => self.changes.push(change),
        }
    }

    fn shown(&self) -> String {
        let [old, new] = [&self.old, &self.new].map(Side::lines);
        let mut text = String::new();
        let changes: Vec<Change> = self.changes.iter().map(|change| change.trimmed(&old, &new)).collect();
        for hunk in changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT) {
            text += &hunk_text(hunk, &old, &new);
        }
        text
    }
}

/// A line as a terminal may show it: without marks and line ends, a tab as blanks.
fn shown_line(line: &str) -> String {
    line.trim_start_matches('\u{feff}').trim_end_matches('\r').replace('\t', "    ")
}

fn hunk_text(hunk: &[Change], old: &[String], new: &[String]) -> String {
    let [Some(first), Some(last)] = [hunk.first(), hunk.last()] else { return String::new() };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let place = |start: usize, end: usize| {
        let count = end - start + before + after;
        format!("{},{count}", start - before + usize::from(count > 0))
    };
    let (was, is) = (place(first.old.start, last.old.end), place(first.new.start, last.new.end));
    let head = format!("@@ -{was} +{is} @@");
    let mut text = paint(style::HINT, &head) + "\n";
    let mut at = first.old.start - before;
    for change in hunk {
        text += &context(&old[at..change.old.start]);
        let [gone, come] = [&old[change.old.clone()], &new[change.new.clone()]];
        let from = differ_at(gone.first(), come.first());
        for line in gone {
            let _ = writeln!(text, "{}", paint(style::BROKEN, &format!("-{}", part(line, from))));
        }
        for line in come {
            let _ = writeln!(text, "{}", paint(style::GOOD, &format!("+{}", part(line, from))));
        }
        at = change.old.end;
    }
    text + &context(&old[at..at + after])
}

fn context(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [" ", &plain(&part(line, 0)), "\n"].map(str::to_owned)).collect()
}

/// How many characters of both are the same.
fn differ_at(one: Option<&String>, other: Option<&String>) -> usize {
    let [one, other] = [one, other].map(|line| line.map_or("", String::as_str));
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// A line, or the part of it that is around this character if it is very long.
fn part(line: &str, around: usize) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let skipped = around.saturating_sub(BEFORE);
    let shown: String = line.chars().skip(skipped).take(LONGEST).collect();
    let is_end = line.chars().count() <= skipped + LONGEST;
    [if skipped > 0 { "…" } else { "" }, &shown, if is_end { "" } else { "…" }].concat()
}
