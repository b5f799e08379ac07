//! Why a server that lives may be of no use to its client.

use std::time::{Duration, Instant};

use crate::units::deadline::Deadline;

/// How long a server may live that has closed its output, or its input though there is more for it.
const CLOSED: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Suspicion {
    /// It is of none, for this reason.
    confirmed: Option<String>,
    /// By when a server has ended that has closed one of its ends, unless it only did that; and which.
    closed_by: Option<(Deadline, &'static str)>,
    /// By when a successor has answered.
    replayed_by: Option<Deadline>,
}

impl Suspicion {
    /// Of a server that has to answer by then what its predecessor had answered.
    pub fn of_successor(replayed_by: Instant) -> Self {
        Self { replayed_by: Some(Deadline::new(replayed_by)), ..Self::default() }
    }

    /// The server has closed its `"input"` or its `"output"`.
    pub fn closed(&mut self, end: &'static str, now: Instant) {
        // Whoever ends closes it a moment before.
        self.closed_by.get_or_insert((Deadline::new(now + CLOSED), end));
    }

    pub fn confirm(&mut self, why: String) {
        self.confirmed = Some(why);
    }

    /// Whether there may be a [complaint](Self::complaint), now or later.
    pub fn is_any(&self, is_replaying: bool) -> bool {
        self.confirmed.is_some() || self.closed_by.is_some() || is_replaying
    }

    /// When to look for a [complaint](Self::complaint), should nothing happen before.
    pub fn limit(&self, is_replaying: bool, now: Instant) -> Option<Duration> {
        let replayed_by = self.replayed_by.filter(|_| is_replaying);
        let deadlines = replayed_by.into_iter().chain(self.closed_by.map(|(deadline, _)| deadline));
        deadlines.map(|deadline| deadline.left(now)).min()
    }

    /// To be asked of a server that lives, once all was taken that it has said by now.
    pub fn complaint(&mut self, is_replaying: bool, now: Instant) -> Option<String> {
        let is_over = |deadline: &mut Deadline| deadline.is_over(now);
        if is_replaying && self.replayed_by.as_mut().is_some_and(is_over) {
            return Some("it did not answer the handshake of its predecessor in time".to_owned());
        }
        if let Some((deadline, end)) = &mut self.closed_by
            && deadline.is_over(now)
        {
            return Some(format!("it closed its {end}, but lives"));
        }
        self.confirmed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    #[test]
    fn whoever_looks_late_gives_a_successor_time_to_answer_and_a_server_time_to_end() {
        let (now, second) = (context::now(), Duration::from_secs(1));
        for (is_replaying, mut suspicion) in
            [(true, Suspicion::of_successor(now + CLOSED)), (false, Suspicion::default())]
        {
            if !is_replaying {
                suspicion.closed("output", now);
            }
            assert_eq!(suspicion.limit(is_replaying, now), Some(CLOSED));
            assert_eq!(suspicion.complaint(is_replaying, now + CLOSED + second), None, "a second late");
            assert_eq!(suspicion.limit(is_replaying, now + CLOSED + second), Some(second));
            assert!(suspicion.complaint(is_replaying, now + CLOSED + 2 * second).is_some(), "{is_replaying}");
        }
    }
}
