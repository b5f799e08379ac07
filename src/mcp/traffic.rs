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

/// The requests of a client, the handshake among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    pub requests: u64,
    pub errors: u64,
    /// Lines of the server that were no messages.
    pub stray_lines: u64,
    pub methods: BTreeMap<String, Method>,
}

/// The requests of one method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    pub count: u64,
    pub errors: u64,
    pub max_ms: f64,
    /// How many took as long as a class says: see [`class`].
    times: BTreeMap<u32, u64>,
}

impl Traffic {
    /// Counts a request that was answered.
    pub fn add(&mut self, call: &Call) {
        self.requests += 1;
        self.errors += u64::from(call.is_error);
        let is_known = self.methods.contains_key(&call.method);
        let has_room = self.methods.len() < METHODS && call.method.len() <= LONGEST_NAME;
        let name = if is_known || has_room { call.method.as_str() } else { "other" };
        let method = self.methods.entry(name.to_owned()).or_default();
        method.count += 1;
        method.errors += u64::from(call.is_error);
        method.max_ms = method.max_ms.max(millis(call.took));
        *method.times.entry(class(call.took)).or_default() += 1;
    }
}

impl Method {
    /// The time that half of the requests took at most, in milliseconds.
    pub fn median_ms(&self) -> f64 {
        let half = self.count.div_ceil(2);
        let mut seen = 0;
        for (&class, &count) in &self.times {
            seen += count;
            if seen >= half {
                return middle(class).min(self.max_ms);
            }
        }
        0.0
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
        Call { method: method.into(), took: Duration::from_micros(micros), is_error }
    }

    #[test]
    fn medians_are_near_and_maxima_exact() {
        let mut traffic = Traffic::default();
        (1..=1001).for_each(|micros| traffic.add(&call("tools/call", micros, micros == 7)));
        let method = &traffic.methods["tools/call"];
        assert!((0.45..0.56).contains(&method.median_ms()), "{}", method.median_ms());
        assert!((method.max_ms - 1.001).abs() < 1e-9);
        assert_eq!((traffic.requests, traffic.errors, method.errors), (1001, 1, 1));
    }

    #[test]
    fn names_that_a_client_makes_up_take_no_more_room() {
        let mut traffic = Traffic::default();
        (0..1000).for_each(|number| traffic.add(&call(&format!("{number}"), 5, false)));
        traffic.add(&call(&"x".repeat(1 << 20), 5, false));
        assert_eq!(traffic.methods.len(), METHODS + 1);
        assert_eq!(traffic.methods["other"].count, 1001 - METHODS as u64);
        assert!(serde_json::to_string(&traffic).unwrap().len() < 8192);
    }
}
