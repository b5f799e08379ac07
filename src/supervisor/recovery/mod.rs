//! Servers that lost their supervisor, their record or both: found again, and ended or taken back.

pub mod orphaned;
pub mod tokens;
pub mod unreadable;
pub mod unrecorded;
