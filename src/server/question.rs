//! What a launcher is asked while a server runs, so that the next start knows what it would run.

use super::launch_note::LaunchNote;
use super::note_key::NoteKey;
use super::npx::Fetched;
use super::uvx::Tool;

/// A question to a launcher. It changes nothing that servers run from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which versions npm has for what `npx` has fetched.
    Npm(Fetched),
    /// In which environment `uvx` would run a program.
    Uvx(Box<Tool>),
}

impl Question {
    /// What tells it from others: where things come from and where they are.
    pub fn key(&self) -> NoteKey {
        match self {
            Self::Npm(fetched) => {
                NoteKey::of([fetched.directory.as_os_str().as_encoded_bytes(), fetched.registry.as_bytes()])
            }
            Self::Uvx(tool) => tool.key().clone(),
        }
    }

    /// The command that asks.
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Npm(fetched) => fetched.question.clone(),
            Self::Uvx(tool) => tool.question(),
        }
    }

    /// Who is asked.
    pub fn launcher(&self) -> &'static str {
        match self {
            Self::Npm(_) => "npm",
            Self::Uvx(_) => "uvx",
        }
    }

    /// Whether it is to be asked: a day after it was asked last, or where what it has told is not so any more.
    pub fn is_due(&self, note: &LaunchNote, now: u64) -> bool {
        let has_changed = match self {
            Self::Npm(_) => false,
            Self::Uvx(tool) => note.environment.as_ref().is_some_and(|environment| !tool.is_current(environment)),
        };
        has_changed || note.is_due(now)
    }

    /// What is to be remembered of the answer, and what it says in words; `None` if it is no answer. `tree` is what the
    /// launcher has run, if it has: the arguments of all processes.
    pub fn learn(&self, said: &[u8], note: &LaunchNote, tree: Option<&[Vec<u8>]>) -> Option<(LaunchNote, String)> {
        match self {
            Self::Npm(fetched) => {
                let newest = fetched.newest(said)?;
                let ids = newest.join(", ");
                let is_there = newest == fetched.installed;
                let text = if is_there { format!("nothing is newer than {ids}") } else { format!("{ids} is newer") };
                Some((LaunchNote { newest, ..note.clone() }, text))
            }
            Self::Uvx(tool) => {
                let environment = tool.environment(said)?;
                if !tree.is_none_or(|tree| tool.is_among(&environment, tree)) {
                    return None;
                }
                let text = format!("it runs {}", environment.program(tool).display());
                Some((LaunchNote { environment: Some(environment), ..note.clone() }, text))
            }
        }
    }
}
