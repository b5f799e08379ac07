//! What passes between a server and its client, as `status` tells of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::mcp::traffic::{MethodTraffic, Traffic};

/// The requests of a client, the handshake among them. Times of day are milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrafficView {
    pub requests: u64,
    pub errors: u64,
    /// Requests that have no answer yet.
    pub in_flight: usize,
    /// Since when the oldest of them waits.
    #[serde(skip)]
    pub open_since: Option<u64>,
    /// Lines of the server that were no messages.
    pub stray_lines: u64,
    /// When the last message passed.
    pub last: Option<u64>,
    pub methods: BTreeMap<String, MethodView>,
}

/// The requests of one method. Their times are in milliseconds, and unknown before the first was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MethodView {
    pub count: u64,
    pub errors: u64,
    pub median_ms: Option<f64>,
    pub max_ms: Option<f64>,
}

impl TrafficView {
    /// What was recorded; once it is over, nobody waits any more.
    pub(super) fn of(traffic: &Traffic, is_over: bool) -> Self {
        Self {
            requests: traffic.requests,
            errors: traffic.errors,
            in_flight: if is_over { 0 } else { traffic.in_flight },
            open_since: traffic.open_since.filter(|_| !is_over),
            stray_lines: traffic.stray_lines,
            last: traffic.last,
            methods: traffic.methods.iter().map(|(name, method)| (name.clone(), MethodView::of(method))).collect(),
        }
    }
}

impl MethodView {
    fn of(method: &MethodTraffic) -> Self {
        Self {
            count: method.count,
            errors: method.errors,
            median_ms: method.median_ms().map(to_micros),
            max_ms: method.max_ms.map(to_micros),
        }
    }
}

fn to_micros(millis: f64) -> f64 {
    (millis * 1000.0).round() / 1000.0
}
