//! The proof that a change loses nothing.

use anyhow::{Result, ensure};

use super::plan::Direction;
use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{ClientFile, FileContent};
use crate::client::prefix;
use crate::syntax::edit;

/// That `after`, which would be written into the file, holds the same servers as `before`, and can be taken back to the
/// byte; `control` are the entries of `mcp-hook mcp` that come or go.
pub fn prove(
    direction: Direction,
    file: &ClientFile,
    before: &FileContent,
    after: &FileContent,
    control: &[String],
) -> Result<()> {
    let is_moved = |entry: &&ServerEntry| entry.is_control() && control.contains(&entry.name);
    let [stayed, others] = [before, after].map(|it| it.entries.iter().filter(|entry| !is_moved(entry)));
    let is_kept = |(before, after): (&ServerEntry, &ServerEntry)| {
        let words = if direction == Direction::Wrap { after.own_words() } else { after.words() };
        before.name == after.name && (words == before.own_words() || after.words() == before.words())
    };
    let is_whole = stayed.clone().count() == others.clone().count() && stayed.clone().zip(others.clone()).all(is_kept);
    ensure!(is_whole, "another command would come of it");
    if direction == Direction::Unwrap {
        return Ok(());
    }
    let mut back = Vec::new();
    for (entry, before) in others.zip(stayed) {
        if let (EntryState::Wrapped { place, at }, EntryState::Direct(_)) = (&entry.state, &before.state) {
            back.extend(prefix::remove(&after.text, place, *at)?);
        }
    }
    let moved: Vec<&ServerEntry> = after.entries.iter().filter(is_moved).collect();
    for entries in moved.chunk_by(|one, next| one.scope == next.scope) {
        back.extend(file.without_control(after, entries)?);
    }
    back.sort_by_key(|edit| edit.span.start);
    ensure!(edit::apply(&after.text, &back) == before.text, "it could not be taken back");
    Ok(())
}
