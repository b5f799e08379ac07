//! What `check` asks a server, what its answers mean, and which fault it has: without input or output.

mod answer;
pub mod clients;
pub mod conversation;
pub mod doing;
pub mod ending;
pub mod finding;
pub mod http_fault;
pub mod learned;
mod listing;
pub mod lists;
mod oddities;
pub mod over_http;
pub mod question;
pub mod reach;
mod reading;
mod request;
pub mod verdict;
pub mod words;

#[cfg(test)]
mod tests;
