//! What `check` asks a server, what its answers mean, and which fault it has: without input or output.

mod answer;
pub mod conversation;
pub mod doing;
pub mod ending;
pub mod finding;
pub mod http_fault;
mod listing;
pub mod lists;
pub mod over_http;
mod reading;
mod request;
pub mod words;

#[cfg(test)]
mod tests;
