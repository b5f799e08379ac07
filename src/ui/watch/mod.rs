//! `status --watch`: a live view of servers. What is shown is a [`State`]; drawing it changes nothing.

pub mod keys;
mod parts;
mod render;
pub mod screen;
mod series;
pub mod state;
mod traffic;

#[cfg(test)]
mod tests;

pub use self::keys::Key;
pub use self::screen::Screen;
pub use self::state::State;
