//! Numbers over time, in as many columns as there is room for.

use std::time::Duration;

use crate::server::history::{Sample, UsageHistory};
use crate::units::time;

/// What is shown is as old as the oldest of these that is filled.
const WINDOWS: [u64; 8] = [1, 2, 5, 10, 15, 20, 30, 60];
/// Samples that come sooner after the last one than this are not kept, in milliseconds.
const CLOSEST: u64 = 900;
/// What is older than this is forgotten, in milliseconds.
const OLDEST: u64 = 61 * 60_000;

pub fn extend(history: &mut UsageHistory, now: Sample) {
    if history.samples.last().is_none_or(|last| now.at >= last.at + CLOSEST) {
        history.samples.push(now);
    }
    history.peak = history.peak.max(now.memory);
    history.samples.retain(|sample| sample.at + OLDEST >= now.at);
}

/// The time that is worth showing: how long there have been samples, rounded up.
pub fn window(history: &UsageHistory, now: u64) -> Duration {
    let oldest = history.samples.first().map_or(now, |first| first.at);
    let age = now.saturating_sub(oldest);
    let minutes = WINDOWS.into_iter().find(|minutes| minutes * 60_000 >= age).unwrap_or(60);
    Duration::from_mins(minutes)
}

/// The memory in bytes.
pub fn memory(history: &UsageHistory) -> Vec<(u64, u64)> {
    history.samples.iter().map(|sample| (sample.at, sample.memory)).collect()
}

/// The share of a processor between each two samples, in thousandths.
pub fn cpu(history: &UsageHistory) -> Vec<(u64, u64)> {
    history.samples.windows(2).filter_map(share).collect()
}

fn share(two: &[Sample]) -> Option<(u64, u64)> {
    let span = two[1].at.checked_sub(two[0].at).filter(|&span| span > 0)?;
    Some((two[1].at, two[1].cpu_ms.checked_sub(two[0].cpu_ms)? * 1000 / span))
}

/// One value for each of `width` columns, the last of which is now: the largest of its time, else the one that came
/// next, since a sample tells of the time before it. Nothing where nothing is known.
pub fn columns(points: &[(u64, u64)], now: u64, window: Duration, width: usize) -> Vec<Option<u64>> {
    let window = time::millis(window).max(1);
    let mut columns = vec![None; width];
    for &(at, value) in points {
        let age = now.saturating_sub(at);
        if age <= window && width > 0 {
            let place = u128::from(window - age) * width as u128 / u128::from(window);
            let column = &mut columns[usize::try_from(place).unwrap_or(width).min(width - 1)];
            *column = (*column).max(Some(value));
        }
    }
    fill_gaps(&mut columns);
    columns
}

/// Gives columns without a value that of the next, but not those before the first.
fn fill_gaps(columns: &mut [Option<u64>]) {
    let first = columns.iter().position(Option::is_some).unwrap_or(columns.len());
    let mut later = None;
    for column in columns[first..].iter_mut().rev() {
        later = column.or(later);
        *column = later;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn history(seconds: impl IntoIterator<Item = u64>) -> UsageHistory {
        let sample = |second| Sample { at: second * 1000, memory: second, cpu_ms: second * 250 };
        UsageHistory { peak: 0, samples: seconds.into_iter().map(sample).collect() }
    }

    #[test]
    fn columns_hold_the_largest_of_their_time_and_gaps_what_came_next() {
        let points = [(0, 5), (10_000, 9), (12_000, 7), (58_000, 1), (60_000, 2)];
        let minute = Duration::from_mins(1);
        let some = |values: [u64; 6]| values.map(Some).to_vec();
        assert_eq!(columns(&points, 60_000, minute, 6), some([5, 9, 2, 2, 2, 2]));
        assert_eq!(columns(&points[3..], 60_000, minute, 6), [None, None, None, None, None, Some(2)]);
        assert_eq!(columns(&[], 60_000, minute, 2), [None, None]);
        assert_eq!(columns(&points, 60_000, minute, 0), []);
        assert_eq!(columns(&points, 600_000, minute, 2), [None, None], "too long ago");
    }

    #[test]
    fn the_window_grows_with_what_is_known() {
        for (oldest, minutes) in [(3600, 1), (3541, 1), (3500, 2), (3000, 10), (0, 60)] {
            assert_eq!(window(&history([oldest]), 3_600_000), Duration::from_mins(minutes), "{oldest}");
        }
        assert_eq!(window(&UsageHistory::default(), 5), Duration::from_mins(1));
    }

    #[test]
    fn samples_are_kept_for_an_hour_and_not_closer_than_a_second() {
        let mut known = history([0, 60]);
        for at in [60_100, 61_000, 61_500, 3_700_000] {
            extend(&mut known, Sample { at, memory: at, cpu_ms: 0 });
        }
        let times: Vec<u64> = known.samples.iter().map(|sample| sample.at).collect();
        assert_eq!(times, [60_000, 61_000, 3_700_000]);
        assert_eq!(known.peak, 3_700_000);
        assert_eq!(cpu(&history([0, 1, 3])), [(1000, 250), (3000, 250)]);
    }

    proptest! {
        #[test]
        fn there_are_as_many_columns_as_asked_for(
            points in proptest::collection::vec((0_u64..1 << 40, any::<u64>()), 0..50),
            now in 0_u64..1 << 40, minutes in 0_u64..100, width in 0_usize..300,
        ) {
            prop_assert_eq!(columns(&points, now, Duration::from_mins(minutes), width).len(), width);
        }
    }
}
