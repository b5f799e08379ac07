//! What a launcher is asked while a server runs, so that the next start knows what it would run.

use super::launch_note::{LaunchNote, NoteKey};
use super::npx::Fetched;

/// A question to a launcher. It changes nothing that servers run from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which versions npm has for what `npx` has fetched.
    Npm(Fetched),
}

impl Question {
    /// What what is remembered of it is called: it belongs to where things come from and where they are.
    pub fn key(&self) -> NoteKey {
        match self {
            Self::Npm(fetched) => {
                NoteKey::of([fetched.directory.as_os_str().as_encoded_bytes(), fetched.registry.as_bytes()])
            }
        }
    }

    /// The command that asks.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Npm(fetched) => &fetched.question,
        }
    }

    /// Who is asked.
    pub fn launcher(&self) -> &'static str {
        match self {
            Self::Npm(_) => "npm",
        }
    }

    /// What is to be remembered of the answer, and what it says in words; `None` if it is no answer.
    pub fn learn(&self, said: &[u8], note: &LaunchNote) -> Option<(LaunchNote, String)> {
        match self {
            Self::Npm(fetched) => {
                let newest = fetched.newest(said)?;
                let ids = newest.join(", ");
                let is_there = newest == fetched.installed;
                let text = if is_there { format!("nothing is newer than {ids}") } else { format!("{ids} is newer") };
                Some((LaunchNote { newest, ..note.clone() }, text))
            }
        }
    }
}
