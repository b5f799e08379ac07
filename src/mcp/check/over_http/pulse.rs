//! The question that a server is asked again and again, to know whether it still answers.
//!
//! A bridge answers `ping` and `server/discover` itself, whatever has become of the server behind it. So the question is the
//! first list that the server has; only one without any list is asked otherwise.

use serde_json::Value;

use super::{HttpConversation, INITIALIZE_ID, State};
use crate::mcp::check::answer::error_text;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::http_fault;
use crate::mcp::check::listing::Kind;
use crate::mcp::check::question::Question;
use crate::mcp::check::request::{self, Era, MODERN};

const PULSE_ID: u64 = INITIALIZE_ID + 1;
/// What a server says that lives and does not want to be asked this: no such method, not with these parameters, not so.
const ABOUT_THE_QUESTION: [i64; 3] = [-32601, -32602, -32600];

impl HttpConversation {
    /// Asks once more; anew where the last time was a failure, or where nothing stays open that it could be asked on.
    pub fn ask_again(&mut self) {
        self.is_renewed = false;
        let has_failed = !self.findings.is_empty();
        self.findings.clear();
        if has_failed || self.post.is_some() {
            self.forget();
        } else if self.learned.introduction.is_some() {
            self.begin_pulse();
        }
    }

    /// Whether what is asked now is the question that only a living server answers.
    pub fn is_pulse(&self) -> bool {
        matches!(self.state, State::Pulse(_))
    }

    pub(super) fn begin_pulse(&mut self) {
        let introduction = self.learned.introduction.as_ref();
        let era = if introduction.is_some_and(|it| it.protocol == MODERN) { Era::Modern } else { Era::Legacy };
        let has = |kind: &&Kind| introduction.is_some_and(|it| it.capabilities.get(kind.key()).is_some());
        let request = match (Kind::ALL.iter().find(has), era) {
            (Some(&kind), _) => request::list(PULSE_ID, kind, None, era),
            (None, Era::Modern) => request::discover(PULSE_ID),
            (None, Era::Legacy) => request::ping(PULSE_ID),
        };
        self.state = State::Pulse(request);
    }

    pub(super) fn pulse(&self, request: &Value) -> Question {
        self.post(request, Some(PULSE_ID), &[("Mcp-Method", request["method"].as_str().unwrap_or_default())])
    }

    pub(super) fn take_pulse(&mut self, answer: &Value) {
        let State::Pulse(request) = &self.state else { return };
        match answer.get("error") {
            Some(error) if error["code"].as_i64().is_some_and(|code| ABOUT_THE_QUESTION.contains(&code)) => {
                self.state = State::Over;
            }
            // Many say so that they have forgotten the session.
            Some(_) if self.session.is_some() && !self.is_renewed => self.renew(),
            Some(error) => {
                let method = request["method"].as_str().unwrap_or_default();
                let message = format!("it answers {method} with an error: {}", error_text(error));
                let hint = "the reason is its own, or that of a server behind it: see its log";
                self.fail(Finding::new(Code::ErrorAnswer, message).hint(hint));
            }
            None => self.state = State::Over,
        }
    }

    /// Begins a new session in the place of one that the server has forgotten, once.
    pub(super) fn renew(&mut self) {
        if self.is_renewed {
            return self.fail(http_fault::session_lost());
        }
        self.forget();
        self.is_renewed = true;
    }

    /// Begins anew, with what is known of its era.
    fn forget(&mut self) {
        let introduction = self.learned.introduction.take();
        let is_legacy = introduction.is_some_and(|it| it.protocol != MODERN);
        (self.session, self.post, self.redirects) = (None, None, 0);
        self.state = if is_legacy { State::Initialize } else { State::Discover };
    }
}
