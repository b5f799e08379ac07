//! Servers and clients that nobody here wrote, launched as people launch them: by `npx` and `uvx`.
//!
//! `.ci/install` puts them, pinned, into a cache; nothing here needs a network. What is left over is counted by `/proc`:
//! every process that was seen alive, and every process of the test's home, and the port.

mod case_11_12_launchers;
mod case_39_40_sdks;
mod claude_code;
mod client;
mod clients_killed;
mod defined;
mod http_in_background;
mod own_ports;
mod port;
mod snapshot;
mod world;

use client::{Client, Sdk};
use port::Port;
use snapshot::Snapshot;
use world::{Server, World};

/// As many as were needed to see what other supervisors leave behind in every single one.
const ROUNDS: usize = 20;
