//! Cold starts by one launcher with one cache go one after another: two that fill it at the same time may break it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::plan::Plan;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::lock_file::LockFile;
use crate::server::invocation::Invocation;
use crate::server::launcher::Launcher;
use crate::sys::fd;

/// How long a start waits for its turn before it goes on without.
const PATIENCE: Duration = Duration::from_mins(3);
/// The longest pause between two looks whether it is its turn; at least half of it.
const PAUSE: Duration = Duration::from_millis(100);

/// The queue that a server has to stand in before it is started.
pub struct LauncherQueue {
    pub launcher: Launcher,
    /// What the lock of whose turn it is is called.
    key: String,
    since: Instant,
}

/// Whether it is a server's turn.
pub enum Turn {
    /// It is, until the lock is given back.
    Taken(LockFile),
    /// Not yet; look again after this time.
    Wait(Duration),
    /// It is to be started without a turn, for this reason.
    Skip(String),
}

impl LauncherQueue {
    /// The queue of a server that a launcher starts; none if it is passed by.
    pub fn of(plan: &Plan, now: Instant) -> Option<Self> {
        if plan.shortcut.direct.is_some() {
            return None;
        }
        let invocation = &plan.invocation;
        let words: Vec<String> = invocation.words.iter().map(|word| word.render(None)).collect();
        let launcher = Launcher::of_command(&words)?;
        let cache = launcher.cache(&variable(invocation, "HOME")?, |name| variable(invocation, name))?;
        let mut hasher = DefaultHasher::new();
        cache.hash(&mut hasher);
        Some(Self { launcher, key: format!("{}-{:016x}", launcher.name(), hasher.finish()), since: now })
    }

    /// Takes the turn, if no other server is being started by this launcher with this cache.
    pub fn take_turn(&self, launchers: &Directory, now: Instant) -> Turn {
        match LockFile::take(launchers, &self.key) {
            Ok(Some(lock)) => Turn::Taken(lock),
            Ok(None) if now.duration_since(self.since) < PATIENCE => Turn::Wait(pause()),
            Ok(None) => Turn::Skip("it was not its turn for long: started all the same".to_owned()),
            Err(error) => Turn::Skip(format!("started without waiting for others: {error:#}")),
        }
    }
}

/// A variable as the server gets it.
fn variable(invocation: &Invocation, name: &str) -> Option<PathBuf> {
    let own = invocation.environment.iter().find(|(known, _)| known == name);
    own.map(|(_, value)| PathBuf::from(value.render(None))).or_else(|| context::variable(name).map(PathBuf::from))
}

/// Those who wait do not look all at once.
fn pause() -> Duration {
    let part = u32::try_from(fd::random().unwrap_or_default() % 1000).unwrap_or_default();
    PAUSE / 2 + PAUSE / 2 * part / 1000
}
