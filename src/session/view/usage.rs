//! What the processes of servers use.

use serde::Serialize;

use super::server::ServerView;
use crate::context;
use crate::server::history::{Sample, UsageHistory};
use crate::server::usage::Usage;

/// What the processes of one server use. Sums over all of them.
#[derive(Clone, Debug, Default)]
pub struct TreeView {
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// The same as a share of one processor over the server's life, in percent.
    pub cpu_percent: f64,
    /// The share since its supervisor looked last, about a minute ago; that over its life where it has not yet.
    pub cpu_percent_now: f64,
    /// Resident memory, in bytes; shared pages count for each process.
    pub memory_bytes: u64,
    /// The same with shared pages divided among those who share them, and with swapped ones; looked at by
    /// [`ServerView::measure_proportional_memory`], not set where that cannot be told.
    pub memory_proportional_bytes: Option<u64>,
    /// How the memory grows, in bytes per hour, once there are samples enough.
    pub memory_trend_bytes_per_hour: Option<f64>,
    pub threads: u64,
    /// One that several processes have open counts for each.
    pub open_files: u64,
    pub pids: Vec<i32>,
    /// What was recorded of it over time, and what is seen now.
    pub history: UsageHistory,
}

/// What several servers use together.
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

impl TreeView {
    /// What is used, by a server whose first process has lived so long, in seconds; `None` if nothing runs.
    pub(super) fn of(usage: Usage, uptime: Option<f64>, mut history: UsageHistory) -> Option<Self> {
        if usage.pids.is_empty() {
            return None;
        }
        let cpu_seconds = usage.cpu.as_secs_f64();
        let lived = uptime.filter(|&lived| lived > 0.0);
        let cpu_percent = lived.map_or(0.0, |lived| tenths(cpu_seconds / lived * 100.0));
        let cpu_ms = u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX);
        let now = Sample { at: context::wall_millis(), memory: usage.memory, cpu_ms };
        let cpu_percent_now = history.share(&now).map_or(cpu_percent, tenths);
        history.push(now);
        Some(Self {
            cpu_seconds,
            cpu_percent,
            cpu_percent_now,
            memory_bytes: usage.memory,
            memory_proportional_bytes: None,
            memory_trend_bytes_per_hour: history.trend().map(f64::round),
            threads: usage.threads,
            open_files: usage.open_files(),
            pids: usage.pids,
            history,
        })
    }

    pub fn processes(&self) -> usize {
        self.pids.len()
    }
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

fn tenths(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}
