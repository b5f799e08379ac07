//! A unified diff of a text and its edits. Which lines differ is known, so nothing is compared.

use std::fmt::Write;
use std::ops::Range;

use super::style::{self, paint};
use crate::syntax::edit::Edit;
use crate::text::plain;

/// How many lines are shown around a change.
const CONTEXT: usize = 3;
/// Of a longer line only a part is shown, in characters.
const LONGEST: usize = 240;
/// How many characters of it are shown in front of what differs.
const BEFORE: usize = 40;

/// A text, and the masks for what in it is not to be shown, which are in order and apart from each other.
pub struct Masked<'a> {
    text: &'a str,
    masks: &'a [Edit],
}

/// The lines that change, and those around them.
pub fn diff(old: &Masked<'_>, edits: &[Edit], new: &Masked<'_>) -> String {
    let mut sides = Sides::default();
    let (mut old_end, mut new_end) = (0, 0);
    for edit in edits {
        let same = edit.span.start - old_end;
        sides.same(&old.part(old_end..old_end + same), &new.part(new_end..new_end + same));
        (old_end, new_end) = (edit.span.end, new_end + same + edit.text.len());
        sides.change(&old.part(edit.span.clone()), &new.part(new_end - edit.text.len()..new_end));
    }
    sides.same(&old.part(old_end..old.text.len()), &new.part(new_end..new.text.len()));
    sides.shown()
}

impl<'a> Masked<'a> {
    pub fn new(text: &'a str, masks: &'a [Edit]) -> Self {
        Self { text, masks }
    }

    /// A part as it may be shown. What is masked and reaches over its ends is masked in each part.
    fn part(&self, range: Range<usize>) -> String {
        let first = self.masks.partition_point(|mask| mask.span.end <= range.start);
        let masks = self.masks[first..].iter().take_while(|mask| mask.span.start < range.end);
        let mut shown = String::with_capacity(range.len());
        let mut end = range.start;
        for mask in masks {
            shown.push_str(&self.text[end..mask.span.start.max(end)]);
            shown.push_str(&mask.text);
            end = mask.span.end.min(range.end);
        }
        shown.push_str(&self.text[end..range.end]);
        shown
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::edit::apply;

    fn edit(text: &str, old: &str, new: &str) -> Edit {
        let start = text.find(old).expect("it stands there");
        Edit { span: start..start + old.len(), text: new.to_owned() }
    }

    /// The diff in which these values are masked.
    fn shown(text: &str, edits: &[Edit], hidden: &[&str]) -> String {
        let mask = |text: &str| -> Vec<Edit> {
            let all = hidden.iter().flat_map(|value| text.match_indices(value));
            let mut masks: Vec<Edit> =
                all.map(|(at, value)| Edit { span: at..at + value.len(), text: "***".to_owned() }).collect();
            masks.sort_by_key(|mask| mask.span.start);
            masks
        };
        let after = apply(text, edits);
        let [old, new] = [mask(text), mask(&after)];
        let diff = diff(&Masked::new(text, &old), edits, &Masked::new(&after, &new));
        anstream::adapter::strip_str(&diff).to_string()
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
    fn what_is_added_to_the_end_or_to_nothing_is_shown() {
        let added =
            |text: &str, new: &str| shown(text, &[Edit { span: text.len()..text.len(), text: new.to_owned() }], &[]);
        let all =
            [added("", "a\n"), added("a\n", "\nb\n"), added("a", "\nb\n"), added("\n", "a"), added("a\r\n", "\r\nb")];
        insta::assert_snapshot!(all.join("--\n"), @r"
        @@ -0,0 +1,1 @@
        +a
        --
        @@ -1,1 +1,3 @@
         a
        +
        +b
        --
        @@ -1,1 +1,2 @@
         a
        +b
        --
        @@ -1,1 +1,2 @@
         
        +a
        --
        @@ -1,1 +1,3 @@
         a
        +
        +b
        ");
    }

    #[test]
    fn masked_values_are_not_shown_and_long_lines_in_part() {
        let text = format!(
            "{{\"a\": \"SECRET\",\n{}\"command\": \"npx\"{}\n\"b\": \"SECRET\nSECRET\"}}",
            "x".repeat(300),
            "y".repeat(300)
        );
        let hidden = ["\"SECRET\"", "\"SECRET\nSECRET\""];
        let shown = shown(&text, &[edit(&text, "npx", "mcp-hook")], &hidden);
        assert!(!shown.contains("SECRET"), "{shown}");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn what_is_masked_is_masked_in_what_comes_and_goes_and_at_its_ends() {
        let text = "\"run --key SECRET\"\n";
        let moved = [edit(text, "\"run --key SECRET\"", "\"mcp-hook\", \"run --key SECRET\"")];
        insta::assert_snapshot!(shown(text, &moved, &["SECRET"]), @r#"
        @@ -1,1 +1,1 @@
        -"run --key ***"
        +"mcp-hook", "run --key ***"
        "#);
        let half = [edit(text, "RET\"", "RET\" x")];
        insta::assert_snapshot!(shown(text, &half, &["SECRET"]), @r#"
        @@ -1,1 +1,1 @@
        -"run --key ******"
        +"run --key ******" x
        "#);
    }
}
