//! What passes between a server and its client, in words.

use std::fmt::Write;

use crate::server::client::ClientProcess;
use crate::session::view::{MethodView, TrafficView};
use crate::text::plain;
use crate::units::count;
use crate::units::time::{duration, latency};

/// The client: `claude-code, pid 48200`.
pub fn client(client: &ClientProcess) -> String {
    format!("{}, pid {}", client.name, client.pid)
}

/// The requests, at a time in milliseconds since the epoch: `37, 3 errors, 1 open for 12s`.
pub fn requests(traffic: &TrafficView, now: u64) -> String {
    let mut text = traffic.requests.to_string();
    if traffic.errors > 0 {
        let _ = write!(text, ", {}", count(traffic.errors, "error", "errors"));
    }
    if traffic.in_flight > 0 {
        let since = traffic.open_since.map(|since| format!(" for {}", ago(since, now))).unwrap_or_default();
        let _ = write!(text, ", {} open{since}", traffic.in_flight);
    }
    text
}

/// When the last message passed: `3m 02s ago`.
pub fn last(traffic: &TrafficView, now: u64) -> Option<String> {
    traffic.last.map(|last| format!("{} ago", ago(last, now)))
}

/// A line for each method, those with the most requests first: `tools/call  30, median 12 ms, worst 1.2 s, 3 errors`.
pub fn methods(traffic: &TrafficView) -> Vec<String> {
    let mut methods: Vec<_> = traffic.methods.iter().collect();
    methods.sort_by_key(|(_, method)| std::cmp::Reverse(method.count));
    let names: Vec<String> = methods.iter().map(|(name, _)| plain(name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let lines = names.iter().zip(methods);
    lines.map(|(name, (_, method))| format!("{name:width$}  {}", times(method))).collect()
}

fn times(method: &MethodView) -> String {
    let mut text = method.count.to_string();
    if let (Some(median), Some(worst)) = (method.median_ms, method.max_ms) {
        let _ = write!(text, ", median {}, worst {}", latency(median), latency(worst));
    }
    if method.errors > 0 {
        let _ = write!(text, ", {}", count(method.errors, "error", "errors"));
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "seconds are shown")]
fn ago(then: u64, now: u64) -> String {
    duration(now.saturating_sub(then) as f64 / 1000.0)
}
