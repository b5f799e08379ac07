//! The numbers of a server over time, as its supervisor takes them down.

use serde::{Deserialize, Serialize};

/// How many samples are kept: an hour of them at the usual pace.
const KEPT: usize = 60;

/// What was taken down since the server was started last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The largest resident memory of the tree that was seen, in bytes.
    pub peak: u64,
    /// The latest samples, oldest first.
    pub samples: Vec<Sample>,
}

/// The numbers of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in milliseconds since the epoch.
    pub at: u64,
    /// Resident memory of the tree, in bytes.
    pub memory: u64,
    /// Processor time of the tree so far, in milliseconds.
    pub cpu_ms: u64,
}

impl History {
    /// Adds a sample and lets go of the oldest.
    pub fn push(&mut self, sample: Sample) {
        self.peak = self.peak.max(sample.memory);
        self.samples.push(sample);
        let surplus = self.samples.len().saturating_sub(KEPT);
        self.samples.drain(..surplus);
    }
}
