//! When a server counts as started.

use std::time::{Duration, Instant};

use regex_lite::{Error, Regex};

use crate::server::record::Reason;
use crate::server::settings::{Ready, ReadyWhen};

/// How long a server has to live to count as started, if nothing else was said.
const USUAL: Duration = Duration::from_millis(300);

/// What is looked at while a server starts.
pub struct Check {
    began: Instant,
    timeout: Duration,
    sign: Sign,
}

/// By what a server is seen to be ready.
enum Sign {
    /// It has lived this long.
    Lived(Duration),
    /// It listens on its port.
    Port,
    /// It has printed a line like this.
    Line { pattern: Regex, is_seen: bool },
}

/// What a [`Check`] says when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It counts as started.
    Ready,
    /// Not yet; it is to be asked again when something has happened, at the latest after this time.
    NotYet(Duration),
    /// It is not going to be: the tree is to be ended for this reason.
    Lost(Reason),
}

impl Check {
    /// Begins to look at a server that was started just now, with a port or without.
    ///
    /// # Errors
    /// When the pattern is not a regular expression.
    pub fn begin(ready: &Ready, has_port: bool, now: Instant) -> Result<Self, Error> {
        let sign = match &ready.when {
            ReadyWhen::Usual if has_port => Sign::Port,
            ReadyWhen::Usual => Sign::Lived(USUAL),
            ReadyWhen::Delay(millis) => Sign::Lived(Duration::from_millis(*millis)),
            ReadyWhen::Log(pattern) => Sign::Line { pattern: Regex::new(pattern)?, is_seen: false },
        };
        Ok(Self { began: now, timeout: Duration::from_millis(ready.timeout_ms), sign })
    }

    /// Whether it wants to know what the server prints.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self.sign, Sign::Line { is_seen: false, .. })
    }

    /// Takes a line that the server has printed, without its end.
    pub fn read(&mut self, line: &[u8]) {
        if let Sign::Line { pattern, is_seen } = &mut self.sign {
            *is_seen = *is_seen || pattern.is_match(&String::from_utf8_lossy(line));
        }
    }

    /// How it looks now, while it listens on its port or does not. What depends on the time alone has no time limit.
    #[must_use]
    pub fn ask(&self, now: Instant, listens: bool) -> Answer {
        let lived = now.duration_since(self.began);
        let left = |whole: Duration| whole.checked_sub(lived).filter(|left| !left.is_zero());
        match &self.sign {
            Sign::Lived(whole) => left(*whole).map_or(Answer::Ready, Answer::NotYet),
            Sign::Line { is_seen: true, .. } => Answer::Ready,
            Sign::Port if listens => Answer::Ready,
            Sign::Port | Sign::Line { .. } => left(self.timeout).map_or(Answer::Lost(Reason::NotReady), Answer::NotYet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    const SECOND: Duration = Duration::from_secs(1);

    fn check(when: ReadyWhen) -> (Check, Instant) {
        let now = context::now();
        (Check::begin(&Ready { when, timeout_ms: 2000 }, false, now).expect("a check"), now)
    }

    #[test]
    fn a_server_is_ready_when_it_has_lived_long_enough_whatever_the_time_limit() {
        for (when, whole) in [(ReadyWhen::Usual, USUAL), (ReadyWhen::Delay(5000), 5 * SECOND)] {
            let (check, now) = check(when);
            assert_eq!(check.ask(now, false), Answer::NotYet(whole));
            assert_eq!(check.ask(now + whole / 2, false), Answer::NotYet(whole / 2));
            assert_eq!(check.ask(now + whole, false), Answer::Ready);
            assert_eq!(check.ask(now + 2 * whole, false), Answer::Ready);
        }
    }

    #[test]
    fn a_server_is_ready_when_a_line_matches_and_lost_when_none_did_in_time() {
        let (mut check, now) = check(ReadyWhen::Log(r"listening on .*:\d+$".to_owned()));
        check.read(b"listening on");
        check.read(b"\xff\xfe binary");
        assert_eq!(check.ask(now + SECOND, false), Answer::NotYet(SECOND));
        assert_eq!(check.ask(now + 2 * SECOND, false), Answer::Lost(Reason::NotReady));
        check.read(b"now listening on 127.0.0.1:8000");
        check.read(b"bye");
        assert!(!check.reads());
        assert_eq!(check.ask(now + 3 * SECOND, false), Answer::Ready);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        let ready = Ready { when: ReadyWhen::Log("(".to_owned()), ..Ready::default() };
        assert!(Check::begin(&ready, false, context::now()).is_err());
    }

    #[test]
    fn a_server_with_a_port_is_ready_when_it_listens_unless_something_else_was_asked_for() {
        let now = context::now();
        let begin = |when| Check::begin(&Ready { when, timeout_ms: 2000 }, true, now).expect("a check");
        let check = begin(ReadyWhen::Usual);
        assert_eq!(check.ask(now + SECOND, false), Answer::NotYet(SECOND));
        assert_eq!(check.ask(now + SECOND, true), Answer::Ready);
        assert_eq!(check.ask(now + 2 * SECOND, false), Answer::Lost(Reason::NotReady));
        assert_eq!(begin(ReadyWhen::Delay(1500)).ask(now + SECOND, true), Answer::NotYet(SECOND / 2));
        assert_eq!(begin(ReadyWhen::Log("x".into())).ask(now + SECOND, true), Answer::NotYet(SECOND));
    }
}
