//! Everything that can only be shown with real processes: shells on pseudo-terminals, process trees, signals.
//!
//! A test never sleeps. It waits for an event, with a deadline that only guards against hanging, and it decides itself when
//! a child ends. Survivors are counted by what `/proc` says of processes that reported themselves, not by mcp-hook.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "terminals and pidfds are made by the tests' own means, not by the program's")]
#![allow(
    clippy::disallowed_methods,
    reason = "the rule that process state is read in one module is for the program, not for its tests"
)]

mod real_servers;
mod shells;
mod support;
