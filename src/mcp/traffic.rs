//! What passed between a client and a server, in numbers. No content is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::relay::Call;

/// How many methods are told apart; what comes after them counts as `other`.
const METHODS: usize = 64;
/// The longest method name that is kept, in bytes.
const LONGEST_NAME: usize = 64;
/// Two neighbouring classes of times differ by this factor: a median is exact to half of that.
const STEP: f64 = 1.1;

/// The requests of a client, the handshake among them. Times of day are milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    pub requests: u64,
    pub errors: u64,
    /// Requests that have no answer yet; subscriptions, which never have one, do not count.
    #[serde(default)]
    pub in_flight: usize,
    /// Since when the oldest of them waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_since: Option<u64>,
    /// Lines of the server that were no messages.
    pub stray_lines: u64,
    /// When the last message passed, in either direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    pub methods: BTreeMap<String, MethodTraffic>,
}

/// The requests of one method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodTraffic {
    pub count: u64,
    pub errors: u64,
    /// The longest time that one of them took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
    /// How many took as long as a class says: see [`class`].
    times: BTreeMap<u32, u64>,
}

impl Traffic {
    /// Counts a request.
    pub fn ask(&mut self, method: &str) {
        self.requests += 1;
        self.method(method).count += 1;
    }

    /// Takes in how a request came to its end.
    pub fn end(&mut self, call: &Call) {
        self.errors += u64::from(call.is_error);
        let method = self.method(&call.method);
        method.errors += u64::from(call.is_error);
        if let Some(took) = call.took {
            method.max_ms = Some(millis(took).max(method.max_ms.unwrap_or(0.0)));
            *method.times.entry(class(took)).or_default() += 1;
        }
    }

    fn method(&mut self, name: &str) -> &mut MethodTraffic {
        let is_known = self.methods.contains_key(name);
        let has_room = self.methods.len() < METHODS && name.len() <= LONGEST_NAME;
        let name = if is_known || has_room { name } else { "other" };
        self.methods.entry(name.to_owned()).or_default()
    }
}

impl MethodTraffic {
    /// The time that half of those took at most that a server ended, in milliseconds.
    pub fn median_ms(&self) -> Option<f64> {
        let half = self.times.values().sum::<u64>().div_ceil(2);
        let mut seen = 0;
        let mut classes = self.times.iter();
        let (&class, _) = classes.find(|(_, count)| {
            seen += **count;
            seen >= half
        })?;
        Some(middle(class).min(self.max_ms?))
    }
}

/// The class of a time: the power of [`STEP`] that it has reached, from a microsecond on.
fn class(took: Duration) -> u32 {
    let micros = millis(took) * 1000.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number, not below zero")]
    let class = (micros.max(1.0).ln() / STEP.ln()) as u32;
    class
}

/// A time in the middle of a class, in milliseconds.
fn middle(class: u32) -> f64 {
    STEP.powf(f64::from(class) + 0.5) / 1000.0
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, micros: u64, is_error: bool) -> Call {
        Call { method: method.into(), took: Some(Duration::from_micros(micros)), is_error }
    }

    #[test]
    fn medians_are_near_and_maxima_exact() {
        let mut traffic = Traffic::default();
        for micros in 1..=1001 {
            traffic.ask("tools/call");
            traffic.end(&call("tools/call", micros, micros == 7));
        }
        traffic.ask("tools/call");
        let method = &traffic.methods["tools/call"];
        let median = method.median_ms().expect("some were answered");
        assert!((0.45..0.56).contains(&median), "{median}");
        assert!(method.max_ms.is_some_and(|max| (max - 1.001).abs() < 1e-9));
        assert_eq!((traffic.requests, traffic.errors, method.count, method.errors), (1002, 1, 1002, 1));
    }

    #[test]
    fn what_no_server_had_has_no_time() {
        let mut traffic = Traffic::default();
        traffic.ask("ping");
        traffic.end(&Call { method: "ping".into(), took: None, is_error: true });
        let ping = &traffic.methods["ping"];
        assert_eq!((ping.count, ping.errors, ping.max_ms, ping.median_ms()), (1, 1, None, None));
    }

    #[test]
    fn names_that_a_client_makes_up_take_no_more_room() {
        let mut traffic = Traffic::default();
        let long = "x".repeat(1 << 20);
        for name in (0..1000).map(|number| number.to_string()).chain([long]) {
            traffic.ask(&name);
            traffic.end(&call(&name, 5, false));
        }
        assert_eq!(traffic.methods.len(), METHODS + 1);
        assert_eq!(traffic.methods["other"].count, 1001 - METHODS as u64);
        assert!(serde_json::to_string(&traffic).unwrap().len() < 8192);
    }
}
