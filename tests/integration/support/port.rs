//! Ports, as the kernel tells of them. Nothing is bound to find out: a socket of the test itself would for a moment also be
//! that of any process which another test is about to start.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// In `/proc/net/tcp`, `proc_net(5)`.
const LISTEN: &str = "0A";

/// Those that tests choose from: below all that the kernel hands out by itself (`ip_local_port_range`, `ip(7)`).
const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;

/// A port that nobody has, and that nobody gets who asks for any. No two calls return the same.
#[track_caller]
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Runs at the same time begin at different places.
    let start = std::process::id().wrapping_mul(61);
    let next = || FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
    let mut candidates = std::iter::repeat_with(|| u16::try_from(next()).unwrap());
    candidates.by_ref().take(100).find(|&port| !is_used(port, |_| true)).expect("a free port")
}

/// Whether any process listens on a port, on whatever address.
pub fn is_listened_on(port: u16) -> bool {
    is_used(port, |fields| fields[3] == LISTEN)
}

/// The same of the processes of one user.
pub fn is_listened_on_by(port: u16, user: u32) -> bool {
    is_used(port, |fields| fields[3] == LISTEN && fields[7] == user.to_string())
}

fn is_used(port: u16, counts: impl Fn(&[&str]) -> bool) -> bool {
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let table = fs::read_to_string(table).unwrap_or_default();
        table.lines().skip(1).any(|line| {
            let fields: Vec<_> = line.split_ascii_whitespace().collect();
            fields[1].ends_with(&format!(":{port:04X}")) && counts(&fields)
        })
    })
}
