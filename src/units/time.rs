//! Time spans.

use std::time::Duration;

/// Reads a time span, `2s` or `1h 30min`, and writes one in units that say it exactly.
pub use humantime::{format_duration as exact, parse_duration as parse};

/// A time span in whole milliseconds, as records have it.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A time span in its two largest units.
pub fn duration(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.clamp(0.0, 1e12)).as_secs();
    let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{whole}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", whole % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

/// How long an answer took, with about two digits.
pub fn latency(millis: f64) -> String {
    match millis {
        ..0.995 => format!("{millis:.2} ms"),
        ..9.95 => format!("{millis:.1} ms"),
        ..999.5 => format!("{millis:.0} ms"),
        ..60_000.0 => format!("{:.1} s", millis / 1000.0),
        _ => duration(millis / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_has_about_two_digits() {
        for (millis, text) in [
            (0.0312, "0.03 ms"),
            (0.999, "1.0 ms"),
            (3.12, "3.1 ms"),
            (9.96, "10 ms"),
            (210.4, "210 ms"),
            (999.7, "1.0 s"),
            (61_000.0, "1m 01s"),
        ] {
            assert_eq!(latency(millis), text);
        }
    }

    #[test]
    fn the_two_largest_units_of_a_time_span_are_shown() {
        for (seconds, text) in [
            (0.2, "0s"),
            (59.9, "59s"),
            (61.0, "1m 01s"),
            (3700.0, "1h 01m"),
            (90000.0, "1d 01h"),
            (-1.0, "0s"),
            (f64::INFINITY, "11574074d 01h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
