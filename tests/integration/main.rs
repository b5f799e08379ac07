//! Everything that can only be shown with real processes: shells on pseudo-terminals, process trees, signals.
//!
//! A test never sleeps. It waits for an event, with a deadline that only guards against hanging, and it decides itself when
//! a child ends. Survivors are counted by what `/proc` says of processes that reported themselves, not by mcp-hook.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "the rule that process state is read in one module is for the program, not for its tests"
)]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(
    clippy::needless_for_each,
    clippy::format_collect,
    clippy::redundant_closure_for_method_calls,
    reason = "a test is read, not reused"
)]
#![allow(unsafe_code, reason = "pseudo-terminals and pidfds need system calls; each block says why it is sound")]

mod agent;
mod architecture;
mod clients;
mod completions;
mod connect;
mod containers;
mod definitions;
mod documentation;
mod faults;
mod health;
mod help;
mod lives;
mod numbers;
mod ports;
mod relay;
mod shells;
mod support;
mod trees;
mod unadopted;
