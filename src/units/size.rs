//! Sizes of memory and files.

use anyhow::{Context, Result, ensure};

/// Less than this is no growth, in bytes per hour: an allocator's to and fro.
const STEADY: f64 = (1 << 20) as f64;

/// Units and what they stand for, in bytes; a number alone is in bytes.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// Reads a size: `2GiB`, `1.5 GiB`, `500MB`, `1048576`. As `systemd` has it, a bare `K`, `M`, `G` or `T` is binary.
///
/// # Errors
/// When it is not one, is zero, or is beyond all measure.
pub fn parse(text: &str) -> Result<u64> {
    let digits = text.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    let (number, unit) = text.split_at(text.len() - digits.len());
    let hint = || format!("{text:?} is not a size like 2GiB or 500MB");
    let number: f64 = number.parse().ok().with_context(hint)?;
    let factor = factor(unit.trim()).with_context(hint)?;
    #[expect(clippy::cast_precision_loss, reason = "sizes of this kind are round")]
    let size = number * factor as f64;
    ensure!(size >= 1.0, "a size must be more than nothing");
    ensure!(size < 1e18, "{text:?} is more than any machine has");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Ok(size as u64)
}

fn factor(unit: &str) -> Option<u64> {
    if unit.is_empty() {
        return Some(1);
    }
    let named = UNITS.into_iter().find(|(name, _)| {
        let is_short = unit.len() == 1 && name.len() == 3 && name[..1].eq_ignore_ascii_case(unit);
        name.eq_ignore_ascii_case(unit) || is_short
    });
    named.map(|(_, factor)| factor)
}

/// A size in the largest unit that says it exactly: `2 GiB`, `1536 MiB`.
pub fn exact(size: u64) -> String {
    let (name, factor) = UNITS.into_iter().find(|(_, factor)| size.is_multiple_of(*factor)).unwrap_or(("B", 1));
    format!("{} {name}", size / factor)
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_in_every_unit() {
        for (text, size) in [
            ("1", 1),
            ("4096", 4096),
            ("2GiB", 2 << 30),
            ("2 gib", 2 << 30),
            ("2G", 2 << 30),
            ("512m", 512 << 20),
            ("1.5GiB", 3 << 29),
            ("500MB", 500_000_000),
            ("10kB", 10_000),
            ("10KB", 10_000),
            ("10KiB", 10_240),
            ("1T", 1 << 40),
        ] {
            assert_eq!(parse(text).expect(text), size, "{text}");
        }
        for text in ["", "G", "two", "-1G", "1..5G", "2GiBs", "2 i", "1e3", "0", "0.5B", "99999999T", "\u{663}G"] {
            assert!(parse(text).is_err(), "{text}");
        }
        insta::assert_snapshot!(parse("2 Gigs").expect_err("refused"), @r#""2 Gigs" is not a size like 2GiB or 500MB"#);
    }

    #[test]
    fn a_size_is_shown_with_three_digits() {
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

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(size in 1..1_u64 << 50) {
            prop_assert_eq!(parse(&exact(size)).expect("a size"), size);
        }
    }
}
