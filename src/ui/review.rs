//! What `allow` shows: each entry of a project's file whole, what it replaces, and what would surprise.

use std::fmt::Write;

use super::definitions::quoted;
use super::style::{self, paint};
use crate::definition::review::{EntryRole, ReplacedServer, Review, ReviewRow, ReviewedEntry, RowValue};
use crate::text::excerpt::excerpt;
use crate::text::plain;

/// The file and all that stands in it.
pub fn review(review: &Review) -> String {
    let target = review.target.as_ref().map(|target| format!(" → {}", target.display())).unwrap_or_default();
    let head = format!("{}{target}", review.file.display());
    let mut text = paint(style::HEAD, &plain(&head)) + "\n";
    if review.entries.is_empty() {
        text += "  no servers\n";
    }
    for reviewed in &review.entries {
        text += &entry(reviewed);
    }
    if let Some(error) = &review.unknown {
        let _ = writeln!(text, "{} what these stand in place of is not known: {}", mark(), plain(error));
    }
    text
}

/// How many things are marked.
pub fn marked(review: &Review) -> usize {
    let risks: usize = review.entries.iter().map(|entry| entry.risks.len()).sum();
    let replaced = review.entries.iter().filter(|entry| entry.replaces.is_some()).count();
    risks + replaced + usize::from(review.unknown.is_some())
}

fn entry(reviewed: &ReviewedEntry) -> String {
    let (bullet, role) = match &reviewed.role {
        EntryRole::Server => (paint(style::GOOD, "●"), String::new()),
        EntryRole::Remote => ("○".to_owned(), " (runs elsewhere)".to_owned()),
        EntryRole::Client => {
            ("○".to_owned(), " (a client's way to a server of mcp-hook: it defines nothing)".to_owned())
        }
        EntryRole::Broken(_) => ("○".to_owned(), " (does not count)".to_owned()),
    };
    let mut text = format!("{bullet} {}{role}\n", paint(style::HEAD, &plain(&excerpt(&reviewed.name))));
    for ReviewRow { key, value } in &reviewed.rows {
        let value = match value {
            RowValue::Words(words) => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
            RowValue::Text(value) => value.clone(),
        };
        let _ = writeln!(text, "    {} {}", paint(style::FAINT, &format!("{}:", plain(&excerpt(key)))), plain(&value));
    }
    if let EntryRole::Broken(reason) = &reviewed.role {
        let _ = writeln!(text, "    {}", paint(style::BROKEN, &plain(reason)));
    }
    let replaces = reviewed.replaces.iter().map(|it| replaced(&reviewed.name, it));
    for surprise in replaces.chain(reviewed.risks.iter().cloned()) {
        let _ = writeln!(text, "    {} {}", mark(), plain(&surprise));
    }
    text
}

fn replaced(name: &str, replaced: &ReplacedServer) -> String {
    let command = replaced.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let command = if command.is_empty() { String::new() } else { format!(" ({command})") };
    let file = replaced.file.display();
    format!("it takes the place of {name} in {file}{command}, and gets what is meant for that: tokens, too")
}

fn mark() -> String {
    paint(style::WARNING, "!")
}
