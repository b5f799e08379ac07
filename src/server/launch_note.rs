//! What is remembered of what a launcher runs, from one start to the next: `launches/KEY.json` in the state directory.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::disk::directory::Directory;
use crate::disk::file_at::FileAt;
use crate::disk::{file, locations, versioned};

const VERSION: u32 = 1;
/// How long what a launcher would run counts before it is asked again, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

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
}

/// What a note is called: what tells one command from another goes in, and nothing of it can be read there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey(String);

impl NoteKey {
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        let digits: Vec<String> = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self(digits.concat())
    }

    /// What the lock of whoever asks the launcher is called.
    pub fn lock(&self) -> String {
        format!("renewal-{}", self.0)
    }

    fn file(&self) -> Result<FileAt> {
        let directory = Directory::at(locations::state_directory()?.join("launches"));
        Ok(directory.file(format!("{}.json", self.0)))
    }
}

impl LaunchNote {
    /// What is remembered; nothing if that cannot be read.
    pub fn read(key: &NoteKey) -> Self {
        let content = key.file().and_then(|file| file::read(&file)).ok().flatten();
        let note = content.and_then(|content| versioned::parse(&content, VERSION, |note: &Self| note.version).ok());
        note.unwrap_or(Self { version: VERSION, asked: 0, newest: Vec::new() })
    }

    /// # Errors
    /// When it cannot be written: then the launcher is asked again at the next start.
    pub fn write(&self, key: &NoteKey) -> Result<()> {
        let file = key.file()?;
        file.directory.ensure_all()?;
        Ok(file::replace(&file, &serde_json::to_vec(self)?)?)
    }

    /// Whether the launcher is to be asked again. A clock that was set back does not keep it from that.
    pub fn is_due(&self, now: u64) -> bool {
        now < self.asked || now - self.asked >= DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_is_asked_at_most_once_a_day() {
        let note = LaunchNote { version: VERSION, asked: 2 * DAY, newest: Vec::new() };
        for (now, is_due) in [(2 * DAY, false), (3 * DAY - 1, false), (3 * DAY, true), (2 * DAY - 1, true)] {
            assert_eq!(note.is_due(now), is_due, "{now}");
        }
    }

    #[test]
    fn two_commands_have_two_notes() {
        let key = |parts: &[&str]| NoteKey::of(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab"]));
        assert_ne!(key(&["a", "b"]), key(&["ab", ""]));
        assert_eq!(key(&[]).lock().len(), "renewal-".len() + 16);
    }
}
