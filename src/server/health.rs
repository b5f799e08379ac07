//! Whether a server answers that is asked every so often: what is known of it, and when it is to be started again.

use serde::{Deserialize, Serialize};

use crate::mcp::check::finding::{Code, Finding};

/// How often a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// From an answer to the next question, in milliseconds.
    pub every_ms: u64,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u64,
    /// After so many failures in a row it is started again.
    pub failures: u32,
}

/// What came of that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub state: HealthState,
    /// When it came to be so, in milliseconds since the epoch; 0 if it was not asked yet.
    pub since: u64,
    /// Failures in a row; not counted on once they are enough.
    pub failures: u32,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Whether it has ever answered, before it was started again too.
    pub has_answered: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    /// It was not asked yet.
    #[default]
    Unknown,
    Ok,
    Failing,
}

/// Who refuses a question lives: it is not its fault that the question lacks a token.
const ALIVE: [Code; 5] = [Code::NeedsLogin, Code::NeedsToken, Code::TokenRefused, Code::Forbidden, Code::WrongHost];

impl Default for HealthCheck {
    fn default() -> Self {
        Self { every_ms: 30_000, timeout_ms: 5_000, failures: 3 }
    }
}

impl Health {
    /// Of a server that has been started again.
    pub fn begin_anew(&self) -> Self {
        Self { has_answered: self.has_answered, ..Self::default() }
    }

    /// Takes in an answer, or what came in its place, at this time on the wall clock. Returns whether anything is new.
    pub fn take(&mut self, fault: Option<Finding>, at: u64, most: u32) -> bool {
        let Some(fault) = fault.filter(|fault| !ALIVE.contains(&fault.code)) else {
            let is_new = self.state != HealthState::Ok;
            let since = if is_new { at } else { self.since };
            *self = Self { state: HealthState::Ok, since, failures: 0, finding: None, has_answered: true };
            return is_new;
        };
        if self.state != HealthState::Failing {
            (self.state, self.since) = (HealthState::Failing, at);
        }
        let is_new = self.failures < most || self.finding.as_ref() != Some(&fault);
        self.failures = most.min(self.failures + 1);
        self.finding = Some(fault);
        is_new
    }

    /// What is wrong, if something is.
    pub fn complaint(&self, most: u32) -> Option<String> {
        let fault = self.finding.as_ref()?;
        Some(if self.has_answered {
            format!("{} (failure {} of {most})", fault.message, self.failures)
        } else {
            format!("{} ({}); it has never answered, so it is not started again for that", fault.message, fault.code)
        })
    }

    /// Whether it is to be started again. One that has never answered may only be asked in a wrong way.
    pub fn is_lost(&self, most: u32) -> bool {
        self.has_answered && self.failures >= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: Code) -> Finding {
        Finding::new(code, "it is so")
    }

    #[test]
    fn so_many_failures_in_a_row_make_a_server_lost_that_has_answered_before() {
        use HealthState::{Failing, Ok};
        let silent = || Some(fault(Code::NoAnswer));
        let mut health = Health::default();
        for (heard, at, is_new, state, since, failures, is_lost) in [
            (silent(), 1, true, Failing, 1, 1, false),
            (silent(), 2, true, Failing, 1, 2, false),
            (silent(), 3, false, Failing, 1, 2, false),
            (Some(fault(Code::WrongPath)), 4, true, Failing, 1, 2, false),
            (None, 5, true, Ok, 5, 0, false),
            (None, 6, false, Ok, 5, 0, false),
            (silent(), 7, true, Failing, 7, 1, false),
            (Some(fault(Code::NeedsToken)), 8, true, Ok, 8, 0, false),
            (silent(), 9, true, Failing, 9, 1, false),
            (Some(fault(Code::ErrorAnswer)), 10, true, Failing, 9, 2, true),
        ] {
            assert_eq!(health.take(heard, at, 2), is_new, "at {at}");
            let seen = (health.state, health.since, health.failures, health.is_lost(2));
            assert_eq!(seen, (state, since, failures, is_lost), "at {at}");
        }
        let anew = health.begin_anew();
        assert_eq!((anew.state, anew.failures, anew.is_lost(1)), (HealthState::Unknown, 0, false));
        assert!(anew.has_answered);
    }
}
