//! Everything that is printed: results on standard output, the rest on standard error, colour only where it is wanted.

pub mod checked;
pub mod confirm;
pub mod definitions;
pub mod details;
pub mod diagnostics;
pub mod findings;
mod grid;
pub mod plain;
pub mod quantity;
pub mod review;
pub mod style;
pub mod table;
pub mod watch;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use anstream::adapter::strip_str;
use anyhow::Result;

use crate::context;
use crate::failure::hint_of;
use crate::sys::terminal;

/// Prints a result. A reader that has gone away is no error: `mcp-hook logs | head`.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn print(text: &str) -> Result<()> {
    // Whole, and not line by line.
    let text = if is_coloured() { Cow::Borrowed(text) } else { strip_str(text).to_string().into() };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| anyhow::anyhow!("could not write to standard output: {error}")),
    }
}

/// Prints lines that somebody else wrote: tamed on a terminal, elsewhere byte for byte. False if nobody reads on.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub fn pass_on(lines: &[Vec<u8>]) -> Result<bool> {
    let result = if io::stdout().is_terminal() {
        let text: String = lines.iter().map(|line| plain::tame(line) + "\n").collect();
        anstream::stdout().lock().write_all(text.as_bytes())
    } else {
        let mut out = io::stdout().lock();
        lines
            .iter()
            .try_for_each(|line| out.write_all(line).and_then(|()| out.write_all(b"\n")))
            .and_then(|()| out.flush())
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::anyhow!("could not write to standard output: {error}")),
    }
}

/// Whether colours are wanted on standard output.
#[must_use]
pub fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// How many columns the terminal has that results are shown on, if there is one and it knows.
#[must_use]
pub fn room() -> Option<usize> {
    terminal::width(io::stdout())
}

/// Tells the user what was done.
pub fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Tells the user what should not be.
pub fn warn(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{} {text}", style::paint(style::WARNING, "warning:"));
}

/// Tells the user what went wrong, and the way out.
pub fn error(error: &anyhow::Error) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "{} {error:#}", style::paint(style::ERROR, "mcp-hook:"));
    if let Some(hint) = hint_of(error) {
        let _ = writeln!(stderr, "{} {hint}", style::paint(style::HINT, "hint:"));
    }
}

/// A text that others wrote, without what would move the cursor or turn around the order of letters.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_plain = |it: char| {
        !it.is_control() && !matches!(it, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|it| if is_plain(it) { it.to_string() } else { it.escape_default().to_string() }).collect()
}

/// Does something that takes a while, with a spinner on a terminal.
pub fn spin<T>(text: &str, work: impl FnOnce() -> T) -> T {
    let is_dumb = context::text_variable("TERM").is_none_or(|term| term == "dumb");
    if is_dumb || !io::stderr().is_terminal() {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        scope.spawn(move || turn(text, &is_done));
        let result = work();
        drop(done);
        result
    })
}

/// Draws until the other side of the channel is dropped, then wipes the line.
fn turn(text: &str, is_done: &mpsc::Receiver<()>) {
    for frame in FRAMES.chars().cycle() {
        let _ = write!(io::stderr(), "\r{frame} {text}");
        if is_done.recv_timeout(FRAME_LASTS) == Err(mpsc::RecvTimeoutError::Disconnected) {
            break;
        }
    }
    let _ = write!(io::stderr(), "\r\x1b[K");
}

const FRAMES: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const FRAME_LASTS: Duration = Duration::from_millis(100);
