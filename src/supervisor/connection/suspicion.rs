//! Why a server that lives may be of no use to its client.

use std::time::{Duration, Instant};

/// How long a server may live that has closed its output, or its input though there is more for it.
const CLOSED: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Suspicion {
    /// It is of none, for this reason.
    confirmed: Option<String>,
    /// By when a server has ended that has closed one of its ends, unless it only did that; and which.
    closed_by: Option<(Instant, &'static str)>,
    /// By when a successor has answered.
    replayed_by: Option<Instant>,
}

impl Suspicion {
    /// Of a server that has to answer by then what its predecessor had answered.
    pub fn of_successor(replayed_by: Instant) -> Self {
        Self { replayed_by: Some(replayed_by), ..Self::default() }
    }

    /// The server has closed its `"input"` or its `"output"`.
    pub fn closed(&mut self, end: &'static str, now: Instant) {
        // Whoever ends closes it a moment before.
        self.closed_by.get_or_insert((now + CLOSED, end));
    }

    pub fn confirm(&mut self, why: String) {
        self.confirmed = Some(why);
    }

    /// When to look for a [complaint](Self::complaint), should nothing happen before.
    pub fn limit(&self, is_replaying: bool, now: Instant) -> Option<Duration> {
        let replayed_by = self.replayed_by.filter(|_| is_replaying);
        let due = replayed_by.into_iter().chain(self.closed_by.map(|(at, _)| at)).min()?;
        Some(due.saturating_duration_since(now))
    }

    pub fn complaint(&self, is_replaying: bool, now: Instant) -> Option<String> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.replayed_by) && is_replaying {
            return Some("it did not answer the handshake of its predecessor in time".to_owned());
        }
        if let Some((_, end)) = self.closed_by.filter(|(at, _)| is_due(Some(*at))) {
            return Some(format!("it closed its {end}, but lives"));
        }
        self.confirmed.clone()
    }
}
