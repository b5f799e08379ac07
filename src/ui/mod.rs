//! Everything that is printed: results on standard output, the rest on standard error, colour only where it is wanted.

pub mod checked;
pub mod clients;
mod columns;
pub mod confirm;
pub mod connected;
pub mod definitions;
pub mod details;
pub mod diagnostics;
mod diff;
pub mod findings;
mod grid;
pub mod review;
#[cfg(test)]
mod safety;
pub mod style;
pub mod table;
mod traffic;
pub mod watch;
pub mod wrap;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use anstream::adapter::strip_str;
use anyhow::Result;
use serde::Serialize;

use self::style::paint;
use crate::failure::{head_and_lines, hint_of};
use crate::sys::terminal;
use crate::{context, text};

/// Prints a result for programs and shells, as it is. A reader that has gone away is no error: `mcp-hook logs | head`.
pub fn print(text: &str) -> Result<()> {
    write(text.as_bytes()).map(drop)
}

/// Prints data as JSON.
pub fn json(data: &impl Serialize) -> Result<()> {
    print(&(text::json(&serde_json::to_string_pretty(data)?) + "\n"))
}

/// Data as JSON on one line.
pub fn json_line(data: &impl Serialize) -> Result<String> {
    Ok(text::json(&serde_json::to_string(data)?))
}

/// Prints a result for people, whose parts were made safe before they were put together.
pub fn show(text: &str) -> Result<()> {
    let text = if is_coloured() { Cow::Borrowed(text) } else { strip_str(text).to_string().into() };
    // Whole, and not line by line.
    let lines = text.lines().map(|line| text::tame(line.as_bytes()) + "\n");
    write(lines.collect::<String>().as_bytes()).map(drop)
}

/// Prints lines that somebody else wrote: tamed on a terminal, elsewhere byte for byte. False if nobody reads on.
pub fn pass_on(lines: &[Vec<u8>]) -> Result<bool> {
    if io::stdout().is_terminal() {
        let text: String = lines.iter().map(|line| text::tame(line) + "\n").collect();
        return write(if is_coloured() { text } else { strip_str(&text).to_string() }.as_bytes());
    }
    let ended = lines.iter().flat_map(|line| [line, b"\n".as_slice()]);
    write(&ended.collect::<Vec<_>>().concat())
}

/// Writes to standard output. False if nobody reads on.
fn write(bytes: &[u8]) -> Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::anyhow!("could not write to standard output: {error}")),
    }
}

/// Text for people as it is where no colours are wanted.
pub fn without_colour(text: &str) -> String {
    strip_str(text).to_string()
}

/// Whether colours are wanted on standard output.
pub fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// How many columns the terminal has that results are shown on, if there is one and it knows.
pub fn room() -> Option<usize> {
    terminal::width(io::stdout())
}

/// Tells the user what was done, in a line.
pub fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", text::plain(text));
}

/// Tells the user what should not be, in a line.
pub fn warn(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{} {}", paint(style::WARNING, "warning:"), text::plain(text));
}

/// Tells the user what went wrong, and the way out.
pub fn error(error: &anyhow::Error) {
    let _ = anstream::stderr().lock().write_all(error_text(error).as_bytes());
}

fn error_text(error: &anyhow::Error) -> String {
    format!("{} {}\n", paint(style::ERROR, "mcp-hook:"), error_words(error))
}

/// What went wrong and the way out, for those who know who says it.
pub fn error_words(error: &anyhow::Error) -> String {
    let (head, below) = head_and_lines(error);
    let mut lines = vec![text::plain(&head)];
    lines.extend(below.iter().map(|line| format!("  {}", text::tame(line.as_bytes()))));
    lines.extend(hint_of(error).map(|hint| format!("{} {}", paint(style::HINT, "hint:"), text::plain(hint))));
    lines.join("\n")
}

/// Does something that takes a while, with a spinner on a terminal.
pub fn spin<T>(text: &str, work: impl FnOnce() -> T) -> T {
    let is_dumb = context::text_variable("TERM").is_none_or(|term| term == "dumb");
    if is_dumb || !io::stderr().is_terminal() {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        scope.spawn(move || turn(&text::plain(text), &is_done));
        let result = work();
        drop(done);
        result
    })
}

/// Tells the user something while a spinner may turn.
pub fn say_meanwhile(text: &str) {
    let wipe = if io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(io::stderr(), "{wipe}{text}");
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
