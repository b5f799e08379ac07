//! Servers and clients that nobody here wrote, launched as people launch them: by `npx` and `uvx`.
//!
//! `.ci/install` puts them, pinned, into a cache; nothing here needs a network. What is left over is counted by `/proc`:
//! every process that was seen alive, and every process of the test's home, and the port.
//!
//! These programs take a processor for seconds each: no more than two tests have any at a time ([`support::real_servers`]).
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
mod agents_in_clients;
mod case_11_12_launchers;
mod case_39_40_sdks;
mod checked;
mod claude_code;
mod clients_killed;
mod conformance;
mod defined;
mod faults_in_clients;
mod http_in_background;
mod killed_under_a_client;
mod looked_after;
mod own_ports;
mod passed_by;
mod readme;
mod sdk_clients_go_on;
#[path = "../integration/support/mod.rs"]
mod support;
mod terminal_clients;
mod wrapped_clients;

/// As many as were needed to see what other supervisors leave behind in every single one.
const ROUNDS: usize = 20;
