//! What `check` asks a server, what its answers mean, and which fault it has: without input or output.

mod answer;
pub mod conversation;
pub mod doing;
pub mod ending;
pub mod finding;
mod listing;
pub mod lists;
mod reading;
mod request;
pub mod words;

#[cfg(test)]
mod tests;
