//! What is remembered of what a launcher runs, from one start to the next: `launches/KEY.json` in the state directory.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::launch_cost::LaunchCost;
use super::note_key::NoteKey;
use super::uvx::Environment;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::{file, versioned};

const VERSION: u32 = 1;
/// How long what a launcher would run counts before it is asked again, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;
/// How long a note is kept that is not written any more.
const UNUSED: u64 = 90 * DAY;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchNote {
    /// Of the format.
    pub version: u32,
    /// When the launcher ran it, or was asked what it would run, successfully or not: milliseconds since the epoch.
    #[serde(default)]
    pub asked: u64,
    /// The packages, in the versions that the launcher would have run then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newest: Vec<String>,
    /// What `uvx` runs it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// What the launcher took at the last start by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<LaunchCost>,
}

impl LaunchNote {
    /// What is remembered; nothing if that cannot be read.
    pub fn read(key: &NoteKey) -> Self {
        let content = key.file().and_then(|file| file::read(&file)).ok().flatten();
        let note = content.and_then(|content| versioned::parse(&content, VERSION, |note: &Self| note.version).ok());
        note.unwrap_or(Self { version: VERSION, asked: 0, newest: Vec::new(), environment: None, cost: None })
    }

    /// # Errors
    /// When it cannot be written: then the launcher is asked again at the next start.
    pub fn write(&self, key: &NoteKey) -> Result<()> {
        let file = key.file()?;
        file.directory.ensure_all()?;
        if !file.is_there() {
            forget_unused(&file.directory, context::wall_millis());
        }
        Ok(file::replace(&file, &serde_json::to_vec(self)?)?)
    }

    /// Whether the launcher is to be asked again. A clock that was set back does not keep it from that.
    pub fn is_due(&self, now: u64) -> bool {
        now < self.asked || now - self.asked >= DAY
    }
}

/// Removes the notes that nothing was written to for long: of commands that nobody starts any more.
fn forget_unused(directory: &Directory, now: u64) {
    for name in directory.names().unwrap_or_default() {
        let Some(note) = name.to_str().filter(|name| name.strip_suffix(".json").is_some()) else {
            continue;
        };
        let note = directory.file(note);
        let written = note.look().ok().and_then(|found| u64::try_from(found.st_mtime).ok());
        if written.is_some_and(|seconds| now.saturating_sub(seconds * 1000) > UNUSED) {
            let _ = note.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::directory;

    #[test]
    fn notes_of_commands_that_nobody_starts_any_more_are_removed() {
        let (_temporary, directory) = directory::temporary();
        for name in ["a.json", "b.txt"] {
            std::fs::write(directory.file(name).path(), "{}").expect("written");
        }
        let now = context::wall_millis();
        forget_unused(&directory, now + UNUSED / 2);
        assert_eq!(directory.names().expect("listed").len(), 2);
        forget_unused(&directory, now + 2 * UNUSED);
        assert_eq!(directory.names().expect("listed"), ["b.txt"], "what is not ours stays");
    }

    #[test]
    fn a_launcher_is_asked_at_most_once_a_day() {
        let note = LaunchNote { version: VERSION, asked: 2 * DAY, newest: Vec::new(), environment: None, cost: None };
        for (now, is_due) in [(2 * DAY, false), (3 * DAY - 1, false), (3 * DAY, true), (2 * DAY - 1, true)] {
            assert_eq!(note.is_due(now), is_due, "{now}");
        }
    }
}
