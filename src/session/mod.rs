//! Sessions: one terminal's shell and everything started for it.

pub mod deed;
pub mod find;
pub mod judge;
pub mod open;
mod overdue;
pub mod passing;
pub mod recall;
pub mod record;
pub mod removal;
pub mod retention;
pub mod sweep;
pub mod view;
