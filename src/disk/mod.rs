//! Where things are on disk, and how they are read and written there.

pub mod directory;
pub mod file;
pub mod file_at;
pub mod known;
pub mod layout;
pub mod locations;
pub mod lock;
pub mod lock_file;
pub mod names;
mod other_roots;
pub mod refusal;
pub mod registry;
pub mod root;
pub mod rotation;
pub mod versioned;
pub mod walk;
