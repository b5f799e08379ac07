//! A unified diff of a text and its edits. Which lines differ is known, so nothing is compared.

use std::fmt::Write;
use std::ops::Range;

use super::style::{self, paint};
use crate::client::edit::Edit;
use crate::text::plain;

/// How many lines are shown around a change.
const CONTEXT: usize = 3;
/// Of a longer line only a part is shown, in characters.
const LONGEST: usize = 240;
/// How many characters of it are shown in front of what differs.
const BEFORE: usize = 40;

/// The lines that change, those around them, and no value that `masks` puts something else in place of.
pub fn diff(text: &str, edits: &[Edit], masks: &[Edit]) -> String {
    let mut sides = Sides::default();
    let mut all: Vec<(&Edit, bool)> = edits.iter().map(|it| (it, true)).collect();
    all.extend(masks.iter().map(|it| (it, false)));
    all.sort_by_key(|(edit, _)| edit.span.start);
    let mut end = 0;
    for (edit, is_change) in all {
        sides.same(&text[end..edit.span.start]);
        if is_change {
            sides.change(&text[edit.span.clone()], &edit.text);
        } else {
            sides.same(&edit.text);
        }
        end = edit.span.end;
    }
    sides.same(&text[end..]);
    sides.shown()
}

/// Both texts, and which of their lines differ.
#[derive(Default)]
struct Sides {
    old: String,
    new: String,
    changes: Vec<Change>,
}

/// Lines of the old text, from 0, and those of the new one in their place.
#[derive(Clone, Debug)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Change {
    /// Without the lines at its beginning that are the same.
    fn trimmed(&self, old: &[String], new: &[String]) -> Self {
        let mut trimmed = self.clone();
        let is_same = |it: &Self| it.old.start < it.old.end && old[it.old.start] == new[it.new.start];
        while is_same(&trimmed) {
            trimmed.old.start += 1;
            trimmed.new.start += 1;
        }
        trimmed
    }
}

impl Sides {
    fn same(&mut self, text: &str) {
        self.old.push_str(text);
        self.new.push_str(text);
    }

    fn change(&mut self, old: &str, new: &str) {
        let from = [line(&self.old), line(&self.new)];
        self.old.push_str(old);
        self.new.push_str(new);
        let change = Change { old: from[0]..line(&self.old) + 1, new: from[1]..line(&self.new) + 1 };
        match self.changes.last_mut() {
            Some(last) if change.old.start < last.old.end => {
                last.old.end = change.old.end;
                last.new.end = change.new.end;
            }
            _ => self.changes.push(change),
        }
    }

    fn shown(&self) -> String {
        let [old, new] = [&self.old, &self.new].map(|text| text.lines().map(shown_line).collect::<Vec<_>>());
        let mut text = String::new();
        let changes: Vec<Change> = self.changes.iter().map(|change| change.trimmed(&old, &new)).collect();
        for hunk in changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT) {
            text += &hunk_text(hunk, &old, &new);
        }
        text
    }
}

/// The number of the line that a text ends in, from 0.
fn line(text: &str) -> usize {
    text.matches('\n').count()
}

/// A line as a terminal may show it: without marks and line ends, a tab as blanks.
fn shown_line(line: &str) -> String {
    line.trim_start_matches('\u{feff}').trim_end_matches('\r').replace('\t', "    ")
}

fn hunk_text(hunk: &[Change], old: &[String], new: &[String]) -> String {
    let [Some(first), Some(last)] = [hunk.first(), hunk.last()] else { return String::new() };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let head = format!(
        "@@ -{},{} +{},{} @@",
        first.old.start - before + 1,
        last.old.end - first.old.start + before + after,
        first.new.start - before + 1,
        last.new.end - first.new.start + before + after
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, old: &str, new: &str) -> Edit {
        let start = text.find(old).expect("it stands there");
        Edit { span: start..start + old.len(), text: new.to_owned() }
    }

    fn shown(text: &str, edits: &[Edit], masks: &[Edit]) -> String {
        anstream::adapter::strip_str(&diff(text, edits, masks)).to_string()
    }

    #[test]
    fn changes_are_shown_with_the_lines_around_them() {
        let text = (1..=24).map(|number| format!("line {number}\r\n")).collect::<Vec<_>>().concat();
        let edits = [
            edit(&text, "line 2\r", "two\r\nand a half\r"),
            edit(&text, "line 5\r", "five\r"),
            edit(&text, "line 20", ""),
        ];
        insta::assert_snapshot!(shown(&text, &edits, &[]));
    }

    #[test]
    fn masked_values_are_not_shown_and_long_lines_in_part() {
        let text = format!(
            "{{\"a\": \"SECRET\",\n{}\"command\": \"npx\"{}\n\"b\": \"SECRET\nSECRET\"}}",
            "x".repeat(300),
            "y".repeat(300)
        );
        let masks = [edit(&text, "\"SECRET\"", "***"), edit(&text, "\"SECRET\nSECRET\"", "***")];
        let shown = shown(&text, &[edit(&text, "npx", "mcp-hook")], &masks);
        assert!(!shown.contains("SECRET"), "{shown}");
        insta::assert_snapshot!(shown);
    }
}
