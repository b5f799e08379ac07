//! Sizes and times, as people write and read them.

pub mod quantity;
pub mod size;
