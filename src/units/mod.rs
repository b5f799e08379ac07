//! Sizes, times and numbers, as people write and read them.

pub mod deadline;
pub mod size;
pub mod time;

/// A share of one processor.
pub fn percent(share: f64) -> String {
    format!("{share:.1}%")
}

/// A number of things: `1 server`, `2 servers`.
pub fn count(number: u64, what: &str, plural: &str) -> String {
    format!("{number} {}", if number == 1 { what } else { plural })
}
