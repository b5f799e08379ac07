//! The CPU and memory of a server over time, as its supervisor samples them, and what follows from them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many samples are kept: an hour of them at the usual pace.
const KEPT: usize = 60;
/// From how many samples a trend is told, and over what time: what a server does while it warms up is none.
const TREND_SAMPLES: usize = 10;
const TREND_SPAN: Duration = Duration::from_mins(10);
/// The shortest time over which a share of a processor is told: clock ticks are a hundredth of a second.
const SHARE_SPAN: Duration = Duration::from_secs(5);

/// The samples since the server was started last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageHistory {
    /// The largest resident memory of the tree that was seen, in bytes.
    pub peak: u64,
    /// The latest samples, oldest first.
    pub samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in milliseconds since the epoch.
    pub at: u64,
    /// Resident memory of the tree, in bytes.
    pub memory: u64,
    /// Processor time of the tree so far, in milliseconds.
    pub cpu_ms: u64,
}

impl UsageHistory {
    /// Adds a sample and lets go of the oldest.
    pub fn push(&mut self, sample: Sample) {
        self.peak = self.peak.max(sample.memory);
        self.samples.push(sample);
        let surplus = self.samples.len().saturating_sub(KEPT);
        self.samples.drain(..surplus);
    }

    /// How the memory grows, in bytes per hour: the median of the slopes between any two samples (Theil and Sen), which
    /// a few outliers, such as a collection of garbage, do not move. `None` where there are too few samples, or where
    /// they span too little time.
    pub fn trend(&self) -> Option<f64> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let spans_enough = Duration::from_millis(last.at.saturating_sub(first.at)) >= TREND_SPAN;
        if self.samples.len() < TREND_SAMPLES || !spans_enough {
            return None;
        }
        let mut slopes: Vec<f64> = Vec::new();
        for (index, one) in self.samples.iter().enumerate() {
            slopes.extend(self.samples[index + 1..].iter().filter_map(|other| slope(one, other)));
        }
        if slopes.is_empty() {
            return None;
        }
        let middle = slopes.len() / 2;
        Some(*slopes.select_nth_unstable_by(middle, f64::total_cmp).1)
    }

    /// The share of one processor that was used up to `now`, in percent, since the latest sample that is not too young
    /// to tell. `None` if there is none, or if processor time has been lost since: that of processes that were not waited for.
    pub fn share(&self, now: &Sample) -> Option<f64> {
        let mut spans =
            self.samples.iter().rev().map(|then| (then, Duration::from_millis(now.at.saturating_sub(then.at))));
        let (then, span) = spans.find(|(_, span)| *span >= SHARE_SPAN)?;
        let used = Duration::from_millis(now.cpu_ms.checked_sub(then.cpu_ms)?);
        Some(used.as_secs_f64() / span.as_secs_f64() * 100.0)
    }
}

/// Bytes per hour from one sample to another; `None` if the clock did not go forward in between.
#[expect(clippy::cast_precision_loss, reason = "sizes of memory and times of an hour are far below 2^53")]
fn slope(one: &Sample, other: &Sample) -> Option<f64> {
    let millis = other.at.checked_sub(one.at).filter(|&millis| millis > 0)?;
    Some((other.memory as f64 - one.memory as f64) / millis as f64 * 3_600_000.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60_000;

    /// One sample a minute.
    fn history(memory: impl IntoIterator<Item = u64>) -> UsageHistory {
        let mut history = UsageHistory::default();
        for (minute, memory) in (0..).zip(memory) {
            history.push(Sample { at: 1_000_000 + minute * MINUTE, memory, cpu_ms: 0 });
        }
        history
    }

    #[test]
    fn a_trend_needs_samples_and_time_and_is_not_moved_by_a_few_outliers() {
        let rising = |count: u64| (0..count).map(|minute| 100_000 + minute * 1_000);
        let near = |trend: Option<f64>, expected: f64| trend.is_some_and(|trend| (trend - expected).abs() < 1.0);
        assert_eq!(history([]).trend(), None);
        assert_eq!(history(rising(9)).trend(), None, "too few samples");
        assert_eq!(history(rising(10)).trend(), None, "nine minutes only");
        assert!(near(history(rising(11)).trend(), 60_000.0));
        assert!(near(history([5_000; 30]).trend(), 0.0));
        assert!(near(history((0..30).map(|minute| 90_000 - minute * 500)).trend(), -30_000.0));
        let collected = rising(30).enumerate().map(|(minute, memory)| if minute % 10 == 9 { 1 } else { memory });
        assert!(near(history(collected).trend(), 60_000.0), "collected garbage is no trend");
        let mut quick = history([]);
        (0..60).for_each(|second| quick.push(Sample { at: second * 1000, memory: second, cpu_ms: 0 }));
        assert_eq!(quick.trend(), None, "a minute is too short");
        let mut stopped = UsageHistory { peak: 0, samples: vec![Sample { at: 0, memory: 0, cpu_ms: 0 }] };
        stopped.samples.extend([Sample { at: 20 * MINUTE, memory: 7, cpu_ms: 0 }; 10]);
        assert!(stopped.trend().is_some(), "samples of the same moment do no harm");
    }

    #[test]
    fn the_share_of_a_processor_is_that_since_the_last_sample_old_enough() {
        let at = |seconds: u64, cpu_ms: u64| Sample { at: 1_000_000 + seconds * 1000, memory: 0, cpu_ms };
        let history = UsageHistory { peak: 0, samples: vec![at(0, 0), at(60, 30_000), at(120, 36_000)] };
        for (now, share) in [
            (at(180, 66_000), Some(50.0)),
            (at(122, 36_500), Some(6500.0 / 620.0)),
            (at(180, 36_000), Some(0.0)),
            (at(180, 10), None),
        ] {
            assert_eq!(history.share(&now).map(f64::round), share.map(f64::round), "{now:?}");
        }
        assert_eq!(UsageHistory::default().share(&at(9, 9)), None);
    }

    proptest! {
        #[test]
        fn a_trend_lies_between_the_extremes_whatever_was_sampled(memory in proptest::collection::vec(0..1_u64 << 40, 0..80)) {
            let history = history(memory.iter().copied());
            prop_assert_eq!(history.peak, memory.iter().copied().max().unwrap_or(0));
            prop_assert!(history.samples.len() <= KEPT);
            match history.trend() {
                None => prop_assert!(memory.len() < 11),
                Some(trend) => {
                    let kept = &history.samples;
                    let steps: Vec<f64> = kept.windows(2).filter_map(|two| slope(&two[0], &two[1])).collect();
                    let lowest = steps.iter().copied().fold(f64::INFINITY, f64::min);
                    let highest = steps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    prop_assert!(lowest - 1.0 <= trend && trend <= highest + 1.0);
                }
            }
        }

        #[test]
        fn what_grows_evenly_has_that_trend_whatever_its_pace(step in 0_u64..1 << 30, pace in 30_000_u64..600_000, count in 21_u64..60) {
            let mut history = UsageHistory::default();
            (0..count).for_each(|index| history.push(Sample { at: index * pace, memory: index * step, cpu_ms: 0 }));
            #[expect(clippy::cast_precision_loss, reason = "small enough")]
            let expected = step as f64 / pace as f64 * 3_600_000.0;
            let trend = history.trend().expect("more than ten minutes");
            prop_assert!((trend - expected).abs() <= expected * 1e-9 + 1.0);
        }
    }
}
