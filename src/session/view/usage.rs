//! What the processes of a server use.

use crate::context;
use crate::server::history::{Sample, UsageHistory};
use crate::server::usage::Usage;
use crate::units::time;

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
    /// The same with shared pages divided among those who share them, and with swapped ones; measured where one server is
    /// shown, not set where that cannot be told.
    pub memory_proportional_bytes: Option<u64>,
    /// How the memory grows, in bytes per hour, once there are samples enough.
    pub memory_trend_bytes_per_hour: Option<f64>,
    pub threads: u64,
    /// One that several processes have open counts for each; counted by [`super::ServerView::look_closer`].
    pub open_files: u64,
    pub pids: Vec<i32>,
    /// What was recorded of it over time, and what is seen now.
    pub history: UsageHistory,
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
        let cpu_ms = time::millis(usage.cpu);
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
            open_files: 0,
            pids: usage.pids,
            history,
        })
    }

    pub fn processes(&self) -> usize {
        self.pids.len()
    }
}

fn tenths(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}
