//! Times and sizes as people read them.

use std::time::Duration;

/// Less than this is no growth, in bytes per hour: an allocator's to and fro.
const STEADY: f64 = (1 << 20) as f64;

/// A time: its two largest units.
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

/// A size in binary units with about three digits.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(size: u64) -> String {
    scaled(size as f64)
}

/// Growth of memory, in bytes per hour; what is too little to mean anything is none.
pub fn trend(bytes_per_hour: f64) -> String {
    if is_steady(bytes_per_hour) {
        return "steady".to_owned();
    }
    let sign = if bytes_per_hour < 0.0 { '-' } else { '+' };
    format!("{sign}{}/h", scaled(bytes_per_hour.abs()))
}

/// Whether memory neither grows nor shrinks at this rate.
pub fn is_steady(bytes_per_hour: f64) -> bool {
    bytes_per_hour.abs() < STEADY
}

/// A share of one processor.
pub fn percent(share: f64) -> String {
    format!("{share:.1}%")
}

/// A number of things: `1 server`, `2 servers`.
pub fn count(number: u64, what: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { what } else { plural })
}

fn scaled(size: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = size;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
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
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1 << 10, "1.0 KiB"),
            (65 << 20, "65.0 MiB"),
            (255 << 20, "255 MiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn a_trend_has_a_sign_unless_it_is_none() {
        for (rate, text) in
            [(0.0, "steady"), (-1e6, "steady"), (13_107_200.0, "+12.5 MiB/h"), (-3_221_225_472.0, "-3.0 GiB/h")]
        {
            assert_eq!(trend(rate), text);
        }
    }
}
