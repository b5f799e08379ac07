//! Colours. `anstream` removes them where they are not wanted (no terminal, `NO_COLOR`).

use anstyle::{AnsiColor, Style};

use crate::session::view::StateView;
use crate::text::plain;

/// What is as usual.
pub const USUAL: Style = Style::new();
/// What went wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What should not be.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The way out.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// The heads of columns.
pub const HEAD: Style = Style::new().bold();
/// What is less important.
pub const FAINT: Style = Style::new().dimmed();
/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();

/// What cannot be used.
pub const BROKEN: Style = AnsiColor::Red.on_default();

/// `text` in a style; what it may hold that a terminal obeys is written out.
pub fn paint(style: Style, text: &str) -> String {
    let text = plain(text);
    if style == USUAL { text } else { format!("{style}{text}{style:#}") }
}

/// The style for a server's state.
pub fn of_state(state: &StateView) -> Style {
    match state {
        StateView::Running => GOOD,
        StateView::Starting | StateView::Stopping { .. } | StateView::Waiting { .. } => AnsiColor::Yellow.on_default(),
        StateView::Failed { .. } | StateView::Unkillable { .. } => BROKEN,
        StateView::Lost { .. } | StateView::Unreadable { .. } => BROKEN,
        StateView::Unmanaged { .. } => AnsiColor::Blue.on_default(),
        StateView::Idle { .. } | StateView::Stopped { .. } | StateView::Exited { .. } | StateView::Unknown => FAINT,
    }
}
