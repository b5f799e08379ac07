//! The roots that the same user has beside the current one: those that a command with other variables would use.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::layout::Root;
use super::locations::{self, Location};
use super::registry;
use super::root::with_hint;
use crate::context;

/// The way out where sessions lie in a place that was private once.
const MAKE_PRIVATE: &str = "its sessions live on: make that directory yours alone again (chmod 700)";

impl Root {
    /// Those that are there and ours.
    pub fn others(&self) -> Vec<Self> {
        let others = self.other_locations().into_iter().map(Self::at);
        others.filter(|root| root.runtime().is_there() && root.examine().is_ok() && root.pids().is_there()).collect()
    }

    /// Those that are there and cannot be used by now, and why: what is in them is not gone.
    pub fn refused(&self) -> Vec<(Self, anyhow::Error)> {
        let mut locations = self.other_locations();
        let open = self.runtime_location_even_if_open();
        locations.extend(open.filter(|open| locations.iter().all(|known| known.runtime != open.runtime)));
        let mut refused = Vec::new();
        for root in locations.into_iter().map(Self::at).filter(Self::belongs_to_user) {
            if let Err(error) = root.check() {
                refused.push((root, with_hint(error, MAKE_PRIVATE)));
            }
        }
        refused
    }

    /// Where they may be. Nothing is checked.
    fn other_locations(&self) -> Vec<Location> {
        if locations::is_chosen() {
            return Vec::new();
        }
        let mut found = locations::candidates().unwrap_or_default();
        // Where the records of a shell are that has no XDG_STATE_HOME.
        let unnamed = locations::unnamed_state_directory();
        found.extend(unnamed.map(|state| Location { logs: state.join("logs"), runtime: state }));
        found.extend(registry::remembered());
        let mut seen = vec![self.runtime().path().to_owned()];
        found.retain(|location| {
            let is_new = !seen.contains(&location.runtime);
            seen.push(location.runtime.clone());
            is_new
        });
        found
    }

    /// The runtime directory of the variable, though it may not be this user's alone: who has records there has not lost
    /// them.
    fn runtime_location_even_if_open(&self) -> Option<Location> {
        let runtime = PathBuf::from(context::variable("XDG_RUNTIME_DIR")?).join("mcp-hook");
        let logs = locations::state_directory().ok()?.join("logs");
        let is_other = !locations::is_chosen() && runtime != self.runtime().path();
        is_other.then_some(Location { runtime, logs })
    }

    fn belongs_to_user(&self) -> bool {
        let found = fs::symlink_metadata(self.runtime().path());
        found.is_ok_and(|found| found.is_dir() && found.uid() == context::user())
    }
}
