//! Where things are on disk, and how they are read and written there.

pub mod file;
pub mod layout;
pub mod names;
pub mod record;
pub mod root;
pub mod rotation;
