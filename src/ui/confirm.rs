//! Questions that only somebody at a terminal can answer.

use std::io::{self, IsTerminal, Write};

use super::style::{self, paint};
use crate::text::plain;

/// Whether anybody is there to be asked.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; only a yes is one. The end of the input is none.
pub fn confirm(question: &str) -> bool {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{} [y/N] ", paint(style::HEAD, &plain(question)));
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = io::stdin().read_line(&mut answer);
    if !answer.ends_with('\n') {
        let _ = writeln!(stderr);
    }
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
