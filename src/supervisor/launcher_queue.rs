//! Cold starts by one launcher with one cache go one after another: two that fill it at the same time may break it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use super::restart_policy::Order;
use super::supervise::Supervisor;
use crate::context;
use crate::disk::lock_file::LockFile;
use crate::log::central::Level;
use crate::server::end::Reason;
use crate::server::launcher::Launcher;
use crate::server::record::ServerState;
use crate::sys::fd;

/// How long a start waits for its turn before it goes on without.
const PATIENCE: Duration = Duration::from_mins(3);
/// The longest pause between two looks whether it is its turn; at least half of it.
const PAUSE: Duration = Duration::from_millis(100);

impl Supervisor {
    /// Waits until no other server is being started by the same launcher with the same cache.
    ///
    /// # Errors
    /// Why the server is not to be started any more.
    pub(super) fn take_turn(&mut self) -> Result<(), Reason> {
        let Some((launcher, key)) = self.wanted_turn() else { return Ok(()) };
        let began = context::now();
        let mut is_first = true;
        loop {
            match LockFile::take(&self.plan.paths.launchers, &key) {
                Ok(Some(turn)) => {
                    self.turn = Some(turn);
                    return Ok(());
                }
                Ok(None) if context::now().duration_since(began) < PATIENCE => {}
                Ok(None) => {
                    self.note(Level::Warn, "it was not its turn for long: started all the same");
                    return Ok(());
                }
                Err(error) => {
                    self.note(Level::Warn, &format!("started without waiting for others: {error:#}"));
                    return Ok(());
                }
            }
            if std::mem::take(&mut is_first) {
                self.record(ServerState::Starting);
                self.tell(&format!("waiting for another server that {} fetches to be done", launcher.name()));
            }
            match self.wait(None, Some(pause())) {
                Some(reason) if Order::after(reason) == Order::Leave => return Err(reason),
                _ => {}
            }
        }
    }

    /// Lets the next one have its turn.
    pub(super) fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.give_back();
        }
    }

    /// The launcher that the server is started by, and what its turn is called.
    fn wanted_turn(&self) -> Option<(Launcher, String)> {
        let invocation = &self.plan.invocation;
        let words: Vec<String> = invocation.words.iter().map(|word| word.render(None)).collect();
        let launcher = Launcher::of_command(&words)?;
        let variable = |name: &str| {
            let own = invocation.environment.iter().find(|(known, _)| known == name);
            own.map(|(_, value)| PathBuf::from(value.render(None)))
                .or_else(|| context::variable(name).map(PathBuf::from))
        };
        let cache = launcher.cache(&variable("HOME")?, variable)?;
        let mut hasher = DefaultHasher::new();
        cache.hash(&mut hasher);
        Some((launcher, format!("{}-{:016x}", launcher.name(), hasher.finish())))
    }

    /// Writes down what is waited for, and says it to whoever waits too.
    pub(super) fn tell(&mut self, text: &str) {
        self.note(Level::Info, text);
        if let Some(ready) = &mut self.ready {
            ready.tell(text);
        }
    }
}

/// Those who wait do not look all at once.
fn pause() -> Duration {
    let part = u32::try_from(fd::random().unwrap_or_default() % 1000).unwrap_or_default();
    PAUSE / 2 + PAUSE / 2 * part / 1000
}
