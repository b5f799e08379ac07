//! What tells the command of one launch from others.

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::disk::directory::Directory;
use crate::disk::file_at::FileAt;
use crate::disk::locations;

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

    /// The file of the note.
    pub fn file(&self) -> Result<FileAt> {
        let directory = Directory::at(locations::state_directory()?.join("launches"));
        Ok(directory.file(format!("{}.json", self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_commands_have_two_notes() {
        let key = |parts: &[&str]| NoteKey::of(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab"]));
        assert_ne!(key(&["a", "b"]), key(&["ab", ""]));
        assert_eq!(key(&[]).lock().len(), "renewal-".len() + 16);
    }
}
