//! Sessions: one terminal's shell and everything started for it.

pub mod clients;
mod create;
pub mod find;
pub mod join;
pub mod live;
pub mod open;
pub mod owner;
pub mod record;
pub mod recovery;
pub mod servers;
pub mod sweep;
pub mod view;

pub use self::create::{create, unrecorded};
