//! What several servers use together.

use serde::Serialize;

use super::server::ServerView;
use super::usage::TreeView;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UsageSum {
    /// How many of them live.
    pub running: usize,
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// The shares of a processor that each uses now, in percent of one.
    pub cpu_percent_now: f64,
    /// Resident memory, in bytes; shared pages count for each process.
    pub memory_bytes: u64,
    /// How the memory grows, in bytes per hour, as far as it is known of each.
    pub memory_trend_bytes_per_hour: Option<f64>,
    pub processes: usize,
    pub threads: u64,
    pub open_files: u64,
}

impl UsageSum {
    /// Adds up what these servers use.
    pub fn of<'a>(servers: impl IntoIterator<Item = &'a ServerView>) -> Self {
        servers.into_iter().filter_map(|server| server.tree.as_ref()).fold(Self::default(), Self::and)
    }

    fn and(mut self, tree: &TreeView) -> Self {
        self.running += 1;
        self.cpu_seconds += tree.cpu_seconds;
        self.cpu_percent_now += tree.cpu_percent_now;
        self.memory_bytes += tree.memory_bytes;
        self.processes += tree.processes();
        self.threads += tree.threads;
        self.open_files += tree.open_files;
        if let Some(trend) = tree.memory_trend_bytes_per_hour {
            *self.memory_trend_bytes_per_hour.get_or_insert_default() += trend;
        }
        self
    }
}
