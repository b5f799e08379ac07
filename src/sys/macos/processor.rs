//! How a process gets on with the processors that it shares with others: not told here.

use std::time::Duration;

use nix::unistd::Pid;

/// How long the threads of `pid` have waited for a processor.
pub fn waited_for(_pid: Pid) -> Duration {
    Duration::ZERO
}
