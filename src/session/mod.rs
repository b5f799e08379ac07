//! Sessions: one terminal's shell and everything started for it.

pub mod find;
pub mod open;
mod overdue;
pub mod passing;
pub mod record;
pub mod recovery;
pub mod removal;
pub mod retention;
pub mod sweep;
pub mod view;
