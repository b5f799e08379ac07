//! What the parts of the live view are made of.

use anstyle::{AnsiColor, Color as Anstyle, Effects};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use crate::text;
use crate::ui::style::{FAINT, HEAD};

/// Text of any origin: what a terminal would obey is written out.
pub fn span(text: &str, style: anstyle::Style) -> Span<'static> {
    Span::styled(text::plain(text), translated(style))
}

fn translated(style: anstyle::Style) -> Style {
    let colour = match style.get_fg_color() {
        Some(Anstyle::Ansi(AnsiColor::Red)) => Color::Red,
        Some(Anstyle::Ansi(AnsiColor::Green)) => Color::Green,
        Some(Anstyle::Ansi(AnsiColor::Yellow)) => Color::Yellow,
        Some(Anstyle::Ansi(AnsiColor::Blue)) => Color::Blue,
        Some(Anstyle::Ansi(AnsiColor::Cyan)) => Color::Cyan,
        _ => Color::Reset,
    };
    let effects = style.get_effects();
    let mut modifier = Modifier::empty();
    modifier.set(Modifier::BOLD, effects.contains(Effects::BOLD));
    modifier.set(Modifier::DIM, effects.contains(Effects::DIMMED));
    Style::new().fg(colour).add_modifier(modifier)
}

/// A part of the screen, with a title on the line above it.
pub fn part(title: &str, rest: &str) -> Block<'static> {
    let rest = if rest.is_empty() { String::new() } else { format!("· {rest} ") };
    let title = Line::from_iter([span("─", FAINT), span(&format!(" {title} "), HEAD), span(&rest, FAINT)]);
    Block::new().borders(Borders::TOP).border_style(translated(FAINT)).title(title)
}
