//! Text in columns: how wide they are, how lines are padded, what is cut.

use anstyle::Style;

use super::style::{self, paint};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// On which side of its column text stands, and how wide the column is.
#[derive(Default)]
pub struct Columns(Vec<(Side, usize)>);

impl Columns {
    /// As wide as the longest cell of each column in these lines.
    pub fn fit<'l>(sides: impl IntoIterator<Item = Side>, lines: impl IntoIterator<Item = &'l Vec<String>>) -> Self {
        let mut columns: Vec<(Side, usize)> = sides.into_iter().map(|side| (side, 0)).collect();
        for line in lines {
            for ((_, width), cell) in columns.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        Self(columns)
    }

    /// How wide a line is.
    pub fn width(&self) -> usize {
        self.0.iter().enumerate().map(|(column, (_, width))| gap(column) + width).sum()
    }

    /// The columns from the left: the side and the width of each.
    pub fn iter(&self) -> impl Iterator<Item = (Side, usize)> {
        self.0.iter().copied()
    }

    /// A line of cells, each in the style of its column. Nothing is padded at the end of a line.
    pub fn line(&self, cells: &[String], style: impl Fn(usize) -> Style) -> String {
        let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        let mut line = String::new();
        for (column, (cell, &(side, width))) in cells.iter().zip(&self.0).enumerate().take(last + 1) {
            let gap = gap(column);
            let cell = match side {
                Side::Right => format!("{cell:>0$}", gap + width),
                Side::Left if column == last => " ".repeat(gap) + cell,
                Side::Left => format!("{:gap$}{cell:<width$}", ""),
            };
            line += &if cell.trim().is_empty() { cell } else { paint(style(column), &cell) };
        }
        line + "\n"
    }
}

/// The space in front of a column; the first is a sign that belongs to the second.
fn gap(column: usize) -> usize {
    match column {
        0 | 1 => column,
        _ => 2,
    }
}

/// How wide a [`label`] is.
pub const LABEL: usize = 12;

/// What a line is about, in front of it.
pub fn label(text: &str) -> String {
    paint(style::FAINT, &format!("{text:<LABEL$}"))
}

/// A text without what is longer than this many characters.
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;

    #[test]
    fn lines_are_padded_as_wide_as_the_longest_cell_but_not_at_their_end() {
        let lines = [["", "NAME", "PORT", "LAST"], ["●", "web", "3001", "käse"], ["○", "files", "-", ""]];
        let lines = lines.map(|line| line.map(str::to_owned).to_vec());
        let columns = Columns::fit([Side::Left, Side::Left, Side::Right, Side::Left], &lines);
        let text: String = lines.iter().map(|line| columns.line(line, |_| style::HEAD)).collect();
        insta::assert_snapshot!(strip_str(&text), @r"
          NAME   PORT  LAST
        ● web    3001  käse
        ○ files     -
        ");
        assert_eq!(columns.width(), 19);
        assert_eq!((cut("käse", 2).as_str(), cut("kä", 2).as_str()), ("kä…", "kä"));
    }
}
