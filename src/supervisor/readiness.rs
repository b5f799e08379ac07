//! When a server counts as started.

use std::time::{Duration, Instant};

use regex_lite::{Error, Regex};

use super::signs::{Seen, Sight};
use crate::server::end::Reason;
use crate::server::launcher::Launcher;
use crate::server::settings::{Ready, ReadyWhen};
use crate::units::deadline::Deadline;

/// How long a server has to live at least to count as started, if nothing else was said.
const USUAL: Duration = Duration::from_millis(300);
/// How long one that is at work and has not been seen to serve has to live.
const SETTLES: Duration = Duration::from_secs(5);
/// How long a launcher may take until it has run the server, whatever the time limit.
const INSTALLS: Duration = Duration::from_mins(10);
/// How long one may take whose server is not below it, where nothing else was said: it may be that we do not see it.
const ATTACHES: Duration = Duration::from_mins(1);
/// How long it may take until the launcher itself is seen: a shim or a script may stand in front of it.
const APPEARS: Duration = Duration::from_secs(20);
/// The first pause between two looks at the tree; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(10);
/// The longest pause.
const LONGEST: Duration = Duration::from_millis(100);

/// What is looked at while a server starts.
pub struct Readiness {
    began: Instant,
    timeout: Duration,
    /// When the time limit is over, which begins when a launcher has run the server.
    deadline: Deadline,
    sign: Sign,
    /// The launcher that has not run the server yet.
    launching: Option<Launcher>,
    /// When a launcher was seen to have run it.
    since_launch: Option<Instant>,
    seen: Option<Sight>,
    /// Whether the look before showed the same.
    is_confirmed: bool,
    pause: Duration,
    /// The tree is not to be looked at before.
    due: Instant,
    /// Whether it was said that a launcher takes long.
    has_told: bool,
}

/// By what a server is seen to be ready.
enum Sign {
    /// It serves, or does nothing more.
    Settled,
    /// It has lived this long.
    Lived(Duration),
    /// It listens on its port.
    Port,
    /// It has printed a line like this.
    Line { pattern: Regex, is_seen: bool },
    /// It has answered the handshake on its port.
    Answer { is_heard: bool },
}

/// What [`Readiness::ask`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It counts as started.
    Ready,
    /// It counts as started because nothing speaks against it: should it fail soon, it never was.
    Assumed,
    /// Not yet; it is to be asked again when something has happened, at the latest after this time.
    NotYet(Duration),
    /// It is not going to be: the tree is to be ended for this reason.
    Lost(Reason),
}

impl Readiness {
    /// Begins to look at a server that was started just now, with a port or without, by a launcher or not.
    ///
    /// # Errors
    /// When the pattern is not a regular expression.
    pub fn begin(ready: &Ready, has_port: bool, launcher: Option<Launcher>, now: Instant) -> Result<Self, Error> {
        let sign = match &ready.when {
            ReadyWhen::Usual if has_port => Sign::Port,
            ReadyWhen::Usual => Sign::Settled,
            ReadyWhen::Delay(millis) => Sign::Lived(Duration::from_millis(*millis)),
            ReadyWhen::Mcp => Sign::Answer { is_heard: false },
            ReadyWhen::Log(pattern) => Sign::Line { pattern: Regex::new(pattern)?, is_seen: false },
        };
        let timeout = Duration::from_millis(ready.timeout_ms);
        let launching = launcher;
        let (since_launch, seen, is_confirmed, has_told) = (None, None, false, false);
        let (began, deadline, pause, due) = (now, Deadline::new(now + timeout), FIRST, now);
        Ok(Self { began, timeout, deadline, sign, launching, since_launch, seen, is_confirmed, pause, due, has_told })
    }

    /// Whether it wants to know what the server prints.
    pub fn reads(&self) -> bool {
        matches!(self.sign, Sign::Line { is_seen: false, .. })
    }

    /// Takes a line that the server has printed, without its end.
    pub fn read(&mut self, line: &[u8]) {
        if let Sign::Line { pattern, is_seen } = &mut self.sign {
            *is_seen = *is_seen || pattern.is_match(&String::from_utf8_lossy(line));
        }
    }

    /// Takes in that the server has answered the handshake.
    pub fn hear_answer(&mut self) {
        if let Sign::Answer { is_heard } = &mut self.sign {
            *is_heard = true;
        }
    }

    /// The launcher that has not run the server yet.
    pub fn launching(&self) -> Option<Launcher> {
        self.launching
    }

    /// The launcher that takes long, once.
    pub fn late_launcher(&mut self, now: Instant) -> Option<Launcher> {
        let is_late = !self.has_told && now.duration_since(self.began) >= SETTLES;
        let late = self.launching.filter(|_| is_late);
        self.has_told |= late.is_some();
        late
    }

    /// Whether it wants to know now what the tree shows. Where a time limit is over, to see what took so long.
    pub fn is_due(&self, now: Instant) -> bool {
        let lived = now.duration_since(self.began);
        let is_wanted = match self.sign {
            Sign::Settled => lived >= USUAL,
            Sign::Port | Sign::Line { .. } | Sign::Answer { .. } => self.deadline.left(now).is_zero(),
            Sign::Lived(_) => false,
        };
        (is_wanted || self.launching.is_some()) && now >= self.due
    }

    /// Has a look at the tree.
    pub fn look(&mut self, now: Instant, look: impl FnOnce() -> Option<Seen>) {
        self.due = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST);
        if let Some(seen) = look() {
            self.see(seen, now);
        }
    }

    /// Takes in what the tree shows.
    fn see(&mut self, Seen { sight, is_launched }: Seen, now: Instant) {
        let is_unseen = !is_launched && !matches!(self.seen, Some(Sight::Launching(_)));
        self.is_confirmed = self.seen == Some(sight);
        self.seen = Some(sight);
        match sight {
            Sight::Launching(launcher) => self.launching = Some(launcher),
            // Nothing was seen of the launcher yet: what runs may stand in front of it.
            _ if is_unseen && sight != Sight::Serves && now.duration_since(self.began) < APPEARS => {}
            _ => {
                if self.launching.take().is_some() {
                    self.since_launch = Some(now);
                    self.deadline = Deadline::new(now + self.timeout);
                }
            }
        }
    }

    /// How it looks now, while it listens on its port or does not. What depends on the time alone has no time limit.
    pub fn ask(&mut self, now: Instant, listens: bool) -> Answer {
        let lived = now.duration_since(self.began);
        let left = |whole: Duration| whole.checked_sub(lived).filter(|left| !left.is_zero());
        match &self.sign {
            Sign::Lived(whole) => left(*whole).map_or(Answer::Ready, |left| self.not_yet(left, now)),
            Sign::Line { is_seen: true, .. } | Sign::Answer { is_heard: true } => Answer::Ready,
            Sign::Port if listens => Answer::Ready,
            Sign::Settled if self.launching.is_some() => {
                let limit = if self.launching == Some(Launcher::Docker) { ATTACHES } else { INSTALLS };
                left(limit).map_or(Answer::Assumed, |left| self.not_yet(left, now))
            }
            _ if self.launching.is_some() => {
                left(INSTALLS).map_or(Answer::Lost(Reason::NotReady), |left| self.not_yet(left, now))
            }
            Sign::Port | Sign::Line { .. } | Sign::Answer { .. } => {
                if self.deadline.is_over(now) {
                    Answer::Lost(Reason::NotReady)
                } else {
                    self.not_yet(self.deadline.left(now), now)
                }
            }
            Sign::Settled => match left(USUAL) {
                Some(left) => self.not_yet(left, now),
                None => self.is_settled(now),
            },
        }
    }

    fn is_settled(&self, now: Instant) -> Answer {
        let lived = now.duration_since(self.since_launch.unwrap_or(self.began));
        let left = SETTLES.checked_sub(lived);
        // Between two steps of a script there is a moment that looks like rest.
        let rests = self.is_confirmed && lived >= USUAL;
        match (self.seen, left.filter(|left| !left.is_zero())) {
            (Some(Sight::Serves), _) => Answer::Ready,
            (Some(Sight::Unknown), _) | (_, None) => Answer::Assumed,
            (Some(Sight::Idle), _) if rests => Answer::Assumed,
            (_, Some(left)) => Answer::NotYet(left.min(self.due.saturating_duration_since(now))),
        }
    }

    fn not_yet(&self, left: Duration, now: Instant) -> Answer {
        let look = self.launching.map(|_| self.due.saturating_duration_since(now));
        Answer::NotYet(look.map_or(left, |look| left.min(look)))
    }
}

#[cfg(test)]
mod tests;
