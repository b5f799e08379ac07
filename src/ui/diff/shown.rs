//! What of a text is shown: the lines around its changes, and no secret.

use std::ops::Range;

use crate::syntax::edit::Edit;

/// How many lines are shown around a change.
pub const CONTEXT: usize = 3;
/// Of a longer line only what is near a change is looked at, in bytes.
const LONG: usize = 4 << 10;

/// A text of which only a part is shown, and that without secrets.
pub struct Shown<'a> {
    pub text: &'a str,
    /// In order and apart from each other.
    ranges: Vec<Range<usize>>,
    masks: Vec<Edit>,
}

impl<'a> Shown<'a> {
    /// The lines around these places; `masks` finds what is to be masked in a part of the text, in order.
    pub fn around(text: &'a str, places: &[Range<usize>], masks: impl Fn(&[Range<usize>]) -> Vec<Edit>) -> Self {
        let ranges = lines_around(text, places);
        let found = masks(&ranges);
        if found.iter().any(|mask| text[mask.span.clone()].contains('\n')) {
            // A mask is one line: other lines stand near a change then.
            let whole = 0..text.len();
            let ranges = vec![whole];
            let masks = masks(&ranges);
            return Self { text, ranges, masks };
        }
        Self { text, ranges, masks: found }
    }

    /// The part of it that stands in a range; of what is not shown, the ends of the lines.
    pub fn part(&self, range: Range<usize>) -> String {
        let mut part = String::new();
        let mut at = range.start;
        let first = self.ranges.partition_point(|shown| shown.end <= range.start);
        for shown in self.ranges[first..].iter().take_while(|shown| shown.start < range.end) {
            if shown.start >= range.start {
                part.push_str(&self.hidden(at..shown.start));
                part.push_str(self.mark_of_cut(shown.start));
            }
            at = shown.end.min(range.end);
            self.push_masked(&mut part, shown.start.max(range.start)..at);
            part.push_str(if at == shown.end { self.mark_of_cut(at) } else { "" });
        }
        part + &self.hidden(at..range.end)
    }

    fn hidden(&self, range: Range<usize>) -> String {
        "\n".repeat(self.text[range].matches('\n').count())
    }

    /// What stands for the rest of a line that is cut here.
    fn mark_of_cut(&self, at: usize) -> &'static str {
        let [before, after] = [&self.text[..at], &self.text[at..]];
        let is_at_end = before.is_empty() || before.ends_with('\n') || after.is_empty() || after.starts_with('\n');
        if is_at_end { "" } else { "…" }
    }

    /// What is masked and reaches over the ends of a range is masked in each part.
    fn push_masked(&self, part: &mut String, range: Range<usize>) {
        let first = self.masks.partition_point(|mask| mask.span.end <= range.start);
        let mut end = range.start;
        for mask in self.masks[first..].iter().take_while(|mask| mask.span.start < range.end) {
            part.push_str(&self.text[end..mask.span.start.max(end)]);
            part.push_str(&mask.text);
            end = mask.span.end.min(range.end);
        }
        part.push_str(&self.text[end..range.end]);
    }
}

/// The lines in which these places are, and those around them. Each line is looked at once, however many are in it.
fn lines_around(text: &str, places: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut line_end = None;
    for place in places {
        if line_end.is_some_and(|end| place.end <= end) {
            continue;
        }
        line_end = Some(end_of_line(text, place.end));
        let end = (0..CONTEXT).fold(end_of_line(text, place.end), |at, _| end_of_line(text, (at + 1).min(text.len())));
        let end = near(text, end.min(place.end + LONG));
        // Not further back than what is shown already.
        let known = ranges.last().map_or(0, |last| last.end);
        let line = start_of_line(text, place.start.max(known));
        let start = (0..CONTEXT).fold(line, |at, _| start_of_line(text, at.saturating_sub(1)));
        let start = near(text, start.max(place.start.saturating_sub(LONG)));
        match ranges.last_mut() {
            Some(last) if start <= last.end => last.end = end.max(last.end),
            _ => ranges.push(start..end),
        }
    }
    ranges
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}

fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The place itself, or the next one in front that no character stands over.
fn near(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_around_places_are_shown() {
        let text = (0..30).map(|number| format!("{number:02}\n")).collect::<Vec<_>>().concat();
        let lines = |places: &[usize]| -> Vec<String> {
            let places: Vec<Range<usize>> = places.iter().map(|line| line * 3..line * 3 + 1).collect();
            lines_around(&text, &places).into_iter().map(|it| text[it].replace('\n', " ")).collect()
        };
        assert_eq!(lines(&[]), [""; 0]);
        assert_eq!(lines(&[0]), ["00 01 02 03"]);
        assert_eq!(lines(&[10, 10, 29]), ["07 08 09 10 11 12 13", "26 27 28 29 "]);
        assert_eq!(lines(&[10, 16, 25]), ["07 08 09 10 11 12 13 14 15 16 17 18 19", "22 23 24 25 26 27 28"]);
        assert_eq!(lines(&[10, 13, 22]), ["07 08 09 10 11 12 13 14 15 16", "19 20 21 22 23 24 25"]);
    }

    #[test]
    fn of_a_long_line_only_what_is_near_a_change_is_looked_at() {
        let text = format!("a\n{}X{}\nb\nc", "é".repeat(LONG), "ü".repeat(LONG));
        let at = text.find('X').expect("it stands there");
        let place = at..at + 1;
        let shown = Shown::around(&text, &[place], |_| Vec::new());
        let part = shown.part(0..text.len());
        assert_eq!(part, format!("\n…{}X{}…\n\n", "é".repeat(LONG / 2), "ü".repeat(LONG / 2)));
        let halves = shown.part(0..at) + &shown.part(at..text.len());
        assert_eq!(halves, part, "in parts it is the same");
    }
}
